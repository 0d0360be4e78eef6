import { describeLifecycle } from './lifecycles.js';

describeLifecycle('okta-wizard');
describeLifecycle('okta-catalogue');
