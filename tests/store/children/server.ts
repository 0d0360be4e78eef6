// Holds the serve lock until it is killed, or prints why it cannot.
import { setInterval } from 'node:timers';
import { Failure } from '../../../src/provisioning/failure.js';
import { holdServeLock } from '../../../src/store/serveLock.js';

const [, , path = ''] = process.argv;
try {
  holdServeLock(path);
  console.log('held');
  setInterval(() => undefined, 60_000);
} catch (error) {
  console.log(error instanceof Failure ? `${error.kind}: ${error.message}` : 'no Failure');
}
