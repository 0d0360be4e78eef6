import { GIVING } from './giving.js';
import { playCells } from './playing.js';

playCells(GIVING);
