import { describeLifecycle } from './lifecycles.js';

describeLifecycle('jumpcloud');
describeLifecycle('jumpcloud-record');
