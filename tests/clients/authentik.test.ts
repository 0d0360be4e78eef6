import { describeLifecycle } from './lifecycles.js';

describeLifecycle('authentik');
describeLifecycle('authentik-value-list');
