import { TAKING } from './taking.js';
import { playCells } from './playing.js';

playCells(TAKING);
