import { describeLifecycle } from './lifecycles.js';

describeLifecycle('entra');
describeLifecycle('entra-flag');
