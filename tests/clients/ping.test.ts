import { describeLifecycle } from './lifecycles.js';

describeLifecycle('pingfederate');
describeLifecycle('pingfederate-put');
