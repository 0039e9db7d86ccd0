import type * as z from 'zod';

/** Returns a function's settings, parsed once at cold start against its contract; throws naming what is wrong. */
export function readEnv<Env extends z.ZodObject>(env: Env): z.infer<Env> {
  const parsed = env.safeParse(process.env);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`The function's environment does not fit its contract: ${faults.join('; ')}`);
}

/** Where this function's AWS requests go and as whom, as Lambda tells it; `s3Endpoint` where S3 is elsewhere. */
export function readAwsIdentity() {
  const { AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
  if (!AWS_REGION || !AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) throw new Error('AWS gave no region or credentials');
  return {
    region: AWS_REGION,
    credentials: {
      accessKeyId: AWS_ACCESS_KEY_ID,
      secretAccessKey: AWS_SECRET_ACCESS_KEY,
      ...(AWS_SESSION_TOKEN && { sessionToken: AWS_SESSION_TOKEN }),
    },
    s3Endpoint: process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL,
  };
}
