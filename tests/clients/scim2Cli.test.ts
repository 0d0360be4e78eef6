import { describeLifecycle } from './lifecycles.js';

describeLifecycle('scim2-cli');
