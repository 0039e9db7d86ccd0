import { Socket } from 'node:net';
import { afterEach } from 'vitest';

// The network is shut, except for this computer, and for the sandboxes that PATCHBAY_SANDBOX has the credentials of: a test
// that reaches out fails where it does.
const connect = Socket.prototype.connect;
const attempts: string[] = [];
Socket.prototype.connect = function guarded(this: Socket, ...args: unknown[]) {
  const [first] = args.flat() as [unknown];
  const host = typeof first === 'object' && first !== null ? (first as { host?: string; path?: string }) : {};
  const local =
    process.env.PATCHBAY_SANDBOX !== undefined ||
    host.path !== undefined ||
    ['127.0.0.1', '::1', 'localhost', undefined].includes(host.host);
  if (!local) {
    attempts.push(String(host.host));
    queueMicrotask(() => this.destroy(new Error(`a test tried to reach ${host.host}`)));
    return this;
  }
  return (connect as (...rest: unknown[]) => Socket).apply(this, args);
} as typeof connect;

afterEach(() => {
  const reached = attempts.splice(0);
  if (reached.length > 0) throw new Error(`a test tried to reach ${reached.join(', ')}`);
});

// SDK clients never look for a profile, a region or a metadata service.
Object.assign(process.env, {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  ACTIVITY_TABLE: 'activity',
  ACTIVITY_DAYS: '400',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_CONFIG_FILE: '/dev/null',
  POWERTOOLS_LOG_LEVEL: 'SILENT',
  POWERTOOLS_METRICS_DISABLED: 'true',
  POWERTOOLS_DEV: 'false',
  POWERTOOLS_METRICS_NAMESPACE: 'Patchbay',
});
