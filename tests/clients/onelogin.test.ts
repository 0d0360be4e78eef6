import { describeLifecycle } from './lifecycles.js';

describeLifecycle('onelogin');
