import { describeLifecycle } from './lifecycles.js';

describeLifecycle('connid-put');
describeLifecycle('connid-patch');
