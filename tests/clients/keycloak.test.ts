import { describeLifecycle } from './lifecycles.js';

describeLifecycle('keycloak-libre-put');
describeLifecycle('keycloak-libre-patch');
describeLifecycle('keycloak-suvera');
describeLifecycle('keycloak-sdk');
