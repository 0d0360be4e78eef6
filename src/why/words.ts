import type { Names } from './names.js';
import { type Moment, NOT_US } from './timeline.js';

type Phrase = (moment: { readonly person: string; readonly group: string; readonly object: string }) => string;

/** What the events of the audit mean. One that is not here is shown by its own name. */
const PHRASES: Readonly<Record<string, Phrase>> = {
  'user.provisioned': () => 'create the user with access',
  'user.adopted': () => 'take up the person, who was there before',
  'user.invited': () => 'invite the person',
  'user.inviteRepeated': () => 'send the invitation once more',
  'user.anotherInvited': ({ object }) => `invite the address, which gave another account, ${object}`,
  'user.recorded': () => 'record the user without access',
  'user.takenUp': () => 'take up the record again',
  'user.linked': () => 'connect the user with the account',
  'user.addressGivenUp': () => 'give up the address, which somebody else has now',
  'user.deactivated': () => 'deactivate the user',
  'user.reactivated': () => 'reactivate the user',
  'user.deprovisioned': () => 'delete the user',
  'user.changed': () => 'change the user',
  'user.profileRecorded': () => 'change the profile, recorded here only',
  'user.profileDropped': () => 'change the profile, dropped',
  'user.ownerChanged': () => 'state that the user is active, as the new owner',
  'user.transferred': () => 'hand the user over to another owner',
  'user.superseded': ({ object }) => `the externalId went to the user ${object}`,
  'user.accessLost': ({ group }) => `access is lost with ${group}`,
  'group.created': () => 'create the group',
  'group.changed': () => 'change the group',
  'group.renamed': () => 'rename the group, recorded here only',
  'group.adopted': () => 'take up the group, which was there before',
  'group.released': () => 'release the group',
  'group.removed': () => 'delete the group',
  'group.transferred': () => 'hand the group over to another owner',
  'group.memberAdded': ({ person, group }) => `put ${person} into ${group}`,
  'group.memberRemoved': ({ person, group }) => `take ${person} out of ${group}`,
  'group.memberOwed': ({ person, group }) => `owe ${person} a place in ${group}`,
  'group.memberKept': ({ person, group }) => `leave ${person} in ${group}, whom the list left out`,
  'group.membersKept': () => 'leave members there, whom the list left out',
  'brake.tripped': () => 'begin to refuse removals, the brake',
  'leaver.hasAccess': ({ group }) => `find a deactivated person in ${group}`,
  'leaver.hasRole': () => 'find a role on the site that the bridge cannot take',
  'leaver.roleGone': () => 'find that role gone',
  'membership.given': ({ person, group }) => `${person} was put into ${group}`,
  'membership.taken': ({ person, group }) => `${person} was taken out of ${group}`,
};

/** What was asked, or what happened, in words. */
export function sayWhat(moment: Moment, names: Names): string {
  const { event, subject, object = '' } = moment;
  const phrase = PHRASES[event];
  if (phrase === undefined) return object === '' ? event : `${event} (${object})`;
  return phrase({ person: names.ofPerson(subject), group: names.ofGroup(object), object: names.ofPerson(object) });
}

/** The calls with their statuses, repeats counted. */
export function sayCalls({ upstream }: Moment): string {
  const counted: { text: string; times: number }[] = [];
  for (const { operation, status } of upstream) {
    const text = `${operation} ${status === undefined ? 'no answer' : String(status)}`;
    const last = counted.at(-1);
    if (last?.text === text) last.times += 1;
    else counted.push({ text, times: 1 });
  }
  return counted.map(({ text, times }) => (times === 1 ? text : `${text} ×${String(times)}`)).join(', ');
}

/** What stands under a moment's own line. */
export function sayMore({ note, who, since }: Moment): readonly string[] {
  const when = since === undefined ? 'at some time before this' : `at some time after ${since}`;
  const foreign = who === NOT_US ? [`${when}; Atlassian does not say by whom`] : [];
  return [...foreign, ...(note === undefined ? [] : [note])];
}
