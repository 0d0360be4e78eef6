import { it } from '@jest/globals';
import { performance } from 'node:perf_hooks';
import { startTestBridge } from '../support/bridge.js';
import { GROUP_URN, idOf, patch, user } from './exchanges.js';
const many = (Operations: object[]) => ({ schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], Operations });
it('measures', async () => {
  const bridge = await startTestBridge();
  const ada = idOf(await bridge.scim('post', '/Users', user('ada')));
  const crew = idOf(await bridge.scim('post', '/Groups', { schemas: [GROUP_URN], displayName: 'Crew' }));
  const value = Array.from({ length: 50_000 }, (_, n) => ({ value: `712020:${String(n).padStart(36, '0')}` }));
  const list = JSON.stringify(patch({ op: 'add', path: 'members', value }));
  const ops = JSON.stringify(many(value.slice(0, 40_000).map((one) => ({ op: 'add', path: 'members', value: [one] }))));
  console.log('sizes', list.length, ops.length);
  const evil = JSON.stringify(many(Array.from({ length: 165_000 }, () => ({ op: 'add', path: 'a' }))));
  const evil2 = JSON.stringify(many(Array.from({ length: 85_000 }, () => ({ op: 'add', path: 'active', value: true }))));
  const evil3 = JSON.stringify(many(Array.from({ length: 85_000 }, () => ({ op: 'add', value: { title: 1 } }))));
  for (const [name, path, text] of [['list', `/Groups/${crew}`, list], ['ops', `/Groups/${crew}`, ops], ['evil', `/Users/${ada}`, evil], ['evil2', `/Users/${ada}`, evil2], ['evil3', `/Users/${ada}`, evil3]] as const) {
    const t = performance.now();
    const reply = await bridge.scim('patch', path, text);
    console.log(name, text.length, reply.status, Math.round(performance.now() - t), JSON.stringify(reply.body).slice(0, 150));
  }
  const before = process.memoryUsage();
  let peak = 0;
  const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 20);
  const t = performance.now();
  let slowest = 0; let done = false;
  const probe = (async () => { while (!done) { const s = performance.now(); await bridge.scim('get', '/ServiceProviderConfig'); slowest = Math.max(slowest, performance.now() - s); } })();
  const replies = await Promise.all(Array.from({ length: 20 }, async () => (await bridge.scim('patch', `/Groups/${crew}`, ops)).status));
  done = true; await probe;
  clearInterval(timer);
  console.log(replies.join(), Math.round(performance.now() - t), 'ms; slowest other', Math.round(slowest), 'rss before', before.rss >> 20, 'peak', peak >> 20);
}, 120_000);
