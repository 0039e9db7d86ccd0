import { existsSync, readFileSync } from 'node:fs';
import * as z from 'zod';

// What `npm start` obeys, checked before anything is started.

const url = z.url({ protocol: /^https?$/ });
const Providers = z.record(
  z.string().regex(/^[a-z][a-z0-9-]*$/),
  z.strictObject({
    clientId: z.string().min(1).optional(),
    clientSecret: z.string().min(1).optional(),
    privateKey: z.string().startsWith('-----BEGIN ').optional(),
    variables: z.record(z.string(), z.string().min(1).max(100)).optional(),
    webhookSecrets: z.array(z.string().min(16)).max(5).optional(),
    webhookSettings: z.record(z.string(), z.unknown()).optional(),
    subscriptions: z.record(z.string(), z.record(z.string(), z.string())).optional(),
    origins: z.record(url, url).optional(),
  }),
);

const PORT_HINT = 'a number from 0 (any free port) to 65535';

const Settings = z.object({
  PORT: z
    .string()
    .regex(/^\d{1,5}$/, PORT_HINT)
    .transform(Number)
    .refine((port) => port <= 65_535, PORT_HINT)
    .default(8787),
  PATCHBAY_DATA: z.string().min(1).default('.patchbay'),
  PATCHBAY_OPERATOR_KEY: z.string().min(16, 'at least 16 characters').optional(),
  PATCHBAY_PROVIDERS: z.string().min(1).optional(),
  AWS_ENDPOINT_URL_DYNAMODB: url.optional(),
});

function check<Schema extends z.ZodType>(schema: Schema, value: unknown, what: string): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => [...path, message].join(': '));
  throw new Error(`${what}: ${faults.join('; ')}`);
}

function readProviders(file: string | undefined): z.output<typeof Providers> {
  if (file === undefined) return {};
  if (!existsSync(file)) throw new Error(`PATCHBAY_PROVIDERS: there is no file ${file}`);
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`PATCHBAY_PROVIDERS: ${file} is not JSON (${error instanceof Error ? error.message : error})`);
  }
  return check(Providers, content, `PATCHBAY_PROVIDERS: ${file}`);
}

/** Returns the settings of this environment, and what its file says of providers; throws one line that says what is wrong. */
export function readSettings(env: NodeJS.ProcessEnv) {
  const settings = check(Settings, env, 'environment');
  return { settings, providers: readProviders(settings.PATCHBAY_PROVIDERS) };
}
