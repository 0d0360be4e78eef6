import { CHANGING } from './changing.js';
import { playCells } from './playing.js';

playCells(CHANGING);
