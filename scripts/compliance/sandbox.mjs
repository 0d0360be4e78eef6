// A sandbox of Atlassian as a process of its own, with nobody in it but its administrator. Prints where and how to reach
// it as one line of JSON, and ends when its standard input does.
import { startSandbox } from '../../dist/sandbox/server.js';

const sandbox = await startSandbox();
const { url, credentials, groups } = sandbox;
console.log(JSON.stringify({ url, credentials, accessGroup: groups.access.name }));
process.stdin.resume().once('end', () => void sandbox.close());
