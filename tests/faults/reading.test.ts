import { playCells } from './playing.js';
import { READING, SCANNING } from './reading.js';

playCells([...READING, ...SCANNING]);
