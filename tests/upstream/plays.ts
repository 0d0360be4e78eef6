import { OPERATION_NAMES } from './acts.js';
import type { ApiDocument } from './document.js';
import { playDoctor, playLife, playScene, type Played } from './play.js';
import type { Exchange } from './recorder.js';
import { refused, SCENES } from './scenes.js';

const TOKEN_KINDS = ['classic', 'scoped'] as const;

/** The bridge and its doctor on every back end, with each kind of token. */
export async function playLives(): Promise<readonly Exchange[]> {
  const played: Exchange[] = [];
  for (const kind of TOKEN_KINDS) {
    for (const backEnd of ['organization', 'jira', 'invite'] as const) played.push(...(await playLife(backEnd, kind)));
    played.push(...(await playLife('organization', kind, { DEACTIVATION: 'suspend' })));
    for (const site of [{ organization: true }, { jira: true }, {}]) played.push(...(await playDoctor(site, kind)));
  }
  return played;
}

/** Every scene with each kind of token, and every refusal that the document describes. */
export async function playScenes({ operations }: ApiDocument): Promise<readonly Played[]> {
  const refusals = operations.flatMap(({ id, method, responses }) => {
    const name = OPERATION_NAMES.find((one) => one === id);
    const statuses = [...responses.keys()].filter((status) => !status.startsWith('2'));
    return name === undefined ? [] : statuses.map((status) => refused(name, method, status));
  });
  const played: Played[] = [];
  for (const kind of TOKEN_KINDS) for (const scene of SCENES) played.push(...(await playScene(scene, kind)));
  for (const scene of refusals) played.push(...(await playScene(scene)));
  return played;
}
