import type * as z from 'zod';

/** Returns a function's settings, parsed once at cold start against its contract; throws naming what is wrong. */
export function readEnv<Env extends z.ZodObject>(env: Env): z.infer<Env> {
  // Node would take any certificate then, also for the AWS clients, whose agents are not ours (E-09).
  if (process.env.NODE_TLS_REJECT_UNAUTHORIZED === '0') throw new Error('NODE_TLS_REJECT_UNAUTHORIZED must not be 0');
  const parsed = env.safeParse(process.env);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`The function's environment does not fit its contract: ${faults.join('; ')}`);
}

/** What the SDK calls them in the settings that send their requests elsewhere. */
const endpointSettings = { s3: 'S3', dynamodb: 'DYNAMODB', kms: 'KMS', secretsmanager: 'SECRETS_MANAGER' } as const;

/** Where this function's AWS requests go and as whom, as Lambda tells it; `endpoint` where the service is elsewhere. */
export function readAwsIdentity(service: keyof typeof endpointSettings) {
  const { AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
  if (!AWS_REGION || !AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) throw new Error('AWS gave no region or credentials');
  return {
    region: AWS_REGION,
    credentials: {
      accessKeyId: AWS_ACCESS_KEY_ID,
      secretAccessKey: AWS_SECRET_ACCESS_KEY,
      ...(AWS_SESSION_TOKEN && { sessionToken: AWS_SESSION_TOKEN }),
    },
    endpoint: process.env[`AWS_ENDPOINT_URL_${endpointSettings[service]}`] ?? process.env.AWS_ENDPOINT_URL,
  };
}

/** Where the entries of an audited function go, and for how many days; infra sets both for each of them. */
export function readActivityPlace() {
  const { ACTIVITY_TABLE, ACTIVITY_DAYS } = process.env;
  if (!ACTIVITY_TABLE || !Number(ACTIVITY_DAYS)) throw new Error('The function is audited, and was not told where');
  return { table: ACTIVITY_TABLE, keptDays: Number(ACTIVITY_DAYS) };
}

/** Which feature's lines they are, and from which level on they are written. */
export function readLogPlace() {
  const { POWERTOOLS_SERVICE_NAME, POWERTOOLS_LOG_LEVEL } = process.env;
  return { service: POWERTOOLS_SERVICE_NAME ?? 'unknown', level: POWERTOOLS_LOG_LEVEL ?? 'INFO' };
}

/** Where measurements go, and under which feature; `off` where nobody reads them. */
export function readMetricsPlace() {
  const { POWERTOOLS_METRICS_NAMESPACE, POWERTOOLS_SERVICE_NAME, POWERTOOLS_METRICS_DISABLED } = process.env;
  return {
    namespace: POWERTOOLS_METRICS_NAMESPACE ?? 'Patchbay',
    service: POWERTOOLS_SERVICE_NAME ?? 'unknown',
    off: POWERTOOLS_METRICS_DISABLED === 'true',
  };
}
