import * as z from 'zod';
import type { Provider } from './provider.ts';

// What each word of a definition may hold, by itself; `check.ts` has the rules between words.

const text = z.string().trim().min(1);
const sentence = text.regex(/^[\p{Lu}\p{N}]/u, 'begins with a capital letter');
const page = z.url({ protocol: /^https$/ });
const header = z.string().regex(/^[a-z][a-z0-9-]*$/, 'a header, in lower case');
const headers = z.record(header, z.string().regex(/^[\x21-\x7e]+( [\x21-\x7e]+)*$/, 'printable, on one line'));
const path = z.string().regex(/^[\w@$-]+(\.[\w@$-]+)*$/, 'a path by dots');
const paths = z.union([path, z.array(path).min(2)]);
const token = z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'a scope (RFC 6749 §3.3)');
const scopes = z.record(token, sentence);
const codes = z.array(text).min(1);
const unconfirmed = z.array(text).min(1).optional();
const template = z.string().min(1);
const parameters = z.record(text, template);
const count = z.int().positive();
const pattern = z.string().refine(compiles, 'a regular expression');

/** An address that `{names}` may be part of; nothing of it may lead elsewhere. */
const address = z.string().refine((given) => {
  const url = URL.parse(given.replaceAll(/\{[\w.]+\}/g, 'x'));
  if (url?.protocol !== 'https:' || given !== given.trim()) return false;
  return url.username === '' && url.password === '' && url.search === '' && url.hash === '' && url.port === '';
}, 'an https address without user, port, query or fragment');

const placement = z.discriminatedUnion('in', [
  z.strictObject({ in: z.literal('header'), name: header, value: template }),
  z.strictObject({ in: z.enum(['query', 'body']), name: text, value: template }),
  z.strictObject({ in: z.literal('path'), value: template }),
  z.strictObject({ in: z.literal('basic'), user: template, password: z.string() }),
  z.strictObject({
    in: z.literal('sigv4'),
    ...{ accessKeyId: template, secretAccessKey: template, region: template, service: text },
    pathEscaped: z.literal('once').optional(),
    sessionToken: template.optional(),
  }),
]);
const place = z.tuple([placement], placement);

const field = z
  .strictObject({
    name: z.string().regex(/^[a-z][A-Za-z0-9]*$/, 'a name in camel case'),
    label: sentence,
    help: sentence,
    secret: z.literal(true).optional(),
    pattern: pattern.optional(),
    choices: z.record(text, text).optional(),
    example: text.optional(),
    optional: z.literal(true).optional(),
    pem: z.literal(true).optional(),
  })
  .refine((one) => !(one.pattern && one.choices), 'a pattern or choices, not both')
  .refine((one) => !one.pattern || (one.example && fits(one.pattern, one.example)), 'an example that fits the pattern');

const ends = z.literal('account').optional();
const revoke = z.discriminatedUnion('style', [
  z.strictObject({ style: z.literal('rfc7009'), url: address, ends }),
  z.strictObject({ style: z.literal('bearer'), method: z.enum(['GET', 'POST', 'DELETE']), url: address, ends }),
  z.strictObject({ style: z.literal('app-delete'), url: address, ends }),
  z.strictObject({
    style: z.literal('request'),
    method: z.enum(['POST', 'DELETE']),
    url: address,
    body: z.enum(['form', 'json', 'none']).optional(),
    parameters: parameters.optional(),
    headers: headers.optional(),
    clientAuth: z.enum(['none', 'basic', 'body']).optional(),
    place: place.optional(),
    ended: codes.optional(),
    ends,
  }),
  z.strictObject({ style: z.literal('none'), reason: text }),
]);

const whoami = z.strictObject({
  method: z.enum(['GET', 'POST', 'HEAD']),
  path: z.string().regex(/^(\/|https:\/\/)\S*$/, 'a path, or an https address'),
  account: z.array(path).min(1).optional(),
});

const anyWay = {
  label: text.optional(),
  docs: page.optional(),
  account: z.strictObject({
    from: z.enum(['token', 'claims', 'whoami', 'callback', 'field']),
    id: z.array(path).min(1),
    name: z.array(path),
  }),
  backendOnly: z.literal(true).optional(),
  whoami: whoami.optional(),
  untested: text.optional(),
  unconfirmed,
};
const refusals = {
  tokenErrors: z.enum(['status', 'in-200', 'ok-false']),
  grantGone: codes.optional(),
  clientWrong: codes.optional(),
};

const oauth2 = z.strictObject({
  ...{ kind: z.literal('oauth2'), ...anyWay, ...refusals },
  authorizeUrl: address,
  tokenUrl: address,
  variables: z.record(text, z.strictObject({ default: text, pattern })).optional(),
  issuer: page.optional(),
  idTokenIssuers: z.array(text).min(1).optional(),
  clientAuth: z.enum(['none', 'basic', 'body']),
  tokenBody: z.enum(['form', 'json']).optional(),
  tokenHeaders: headers.optional(),
  pkce: z.union([z.literal('S256'), z.strictObject({ none: text })]),
  scopes,
  alwaysScopes: z.array(token).min(1).optional(),
  moreScopes: scopes.optional(),
  scopeSeparator: z.enum([' ', ',']),
  grantedSeparator: z.enum([' ', ',']).optional(),
  authorizeParams: z.record(text, text).optional(),
  tokenTypes: codes.optional(),
  place: place.optional(),
  refresh: z.strictObject({
    rotates: z.enum(['never', 'sometimes', 'always']),
    graceS: z.int().nonnegative(),
    idleS: count.optional(),
    absoluteS: count.optional(),
    timeoutMs: count.max(20_000).optional(),
    unconfirmed,
  }),
  revoke,
});

const fixed = z.strictObject({
  ...{ kind: z.enum(['api_key', 'basic', 'sigv4']), ...anyWay },
  ...{ fields: z.array(field).min(1), place, revoke: revoke.optional() },
});

const minted = z.strictObject({
  ...{ kind: z.enum(['password', 'client_credentials', 'app_jwt']), ...anyWay, ...refusals },
  tokenErrors: refusals.tokenErrors.optional(),
  fields: z.array(field),
  mint: z.strictObject({
    url: address,
    body: z.enum(['form', 'json', 'none']).optional(),
    parameters: parameters.optional(),
    headers: headers.optional(),
    place: place.optional(),
    answer: z.strictObject({ accessToken: path, expiresAt: path.optional() }).optional(),
  }),
  jwt: z
    .strictObject({
      ...{ issuer: template, lifeS: count.max(600) },
      ...{ claims: z.record(text, template).optional(), key: template.optional() },
    })
    .optional(),
  place: place.optional(),
  scopes: scopes.optional(),
  scopesIn: text.optional(),
  goneStatuses: z.array(z.int().min(400).max(499)).optional(),
  revoke: revoke.optional(),
});

const base = z.strictObject({
  url: z.union([address, z.strictObject({ by: text, of: z.record(text, address) })]),
  place: z.array(placement).optional(),
});

const errors = z.strictObject({
  code: paths.optional(),
  message: paths.optional(),
  details: path.optional(),
  xml: z.literal(true).optional(),
  failureIn200: z
    .strictObject({
      field: path,
      equals: z.union([z.string(), z.number(), z.boolean()]).optional(),
      unless: path.optional(),
    })
    .optional(),
  unauthorizedCodes: codes.optional(),
  rateLimitedCodes: codes.optional(),
  rateLimitedStatuses: z.array(z.int().min(400).max(599)).min(1).optional(),
  rateLimitedTexts: codes.optional(),
  rateLimitedS: count.max(3_600).optional(),
  againCodes: codes.optional(),
  conflictCodes: codes.optional(),
  finalCodes: codes.optional(),
  retryHeader: header.optional(),
  texts: z.record(text, sentence.endsWith('.')).optional(),
});

const pagination = z.discriminatedUnion('next', [
  z.strictObject({ next: z.literal('link') }),
  z.strictObject({ next: z.literal('url'), field: text }),
  z.strictObject({ next: z.literal('token'), at: path, as: text }),
  z.strictObject({ next: z.literal('last'), items: path, id: path, as: text, more: path }),
]);

const api = z.strictObject({
  baseUrl: address.refine((url) => !url.endsWith('/'), 'no slash at the end'),
  bases: z.record(z.string().regex(/^[a-z][A-Za-z]*$/, 'a name in camel case'), base).optional(),
  headers: headers.optional(),
  whoami: whoami.optional(),
  errors,
  pagination: pagination.optional(),
  graphql: z
    .strictObject({
      path: z.string().regex(/^\/\S*$/, 'a path'),
      errors,
      points: z.strictObject({ remaining: path, cost: path, reset: path }).optional(),
    })
    .optional(),
  requestIdHeader: z
    .string()
    .regex(/^[a-z][a-z0-9_-]*$/, 'a header, in lower case')
    .optional(),
  idempotency: z
    .union([z.strictObject({ header, keptS: count }), z.strictObject({ query: text, keptS: count })])
    .optional(),
  rateLimitHeaders: z
    .strictObject({
      ...{ remaining: header, reset: header },
      ...{ resetIn: z.enum(['seconds', 'milliseconds']).optional(), of: z.literal('route').optional() },
    })
    .optional(),
});

const limit = z
  .strictObject({
    ...{ requests: count, perS: count, burst: count.optional() },
    ...{ of: z.literal('app').optional(), action: text.optional(), perInput: path.optional() },
    except: z.array(text).min(1).optional(),
  })
  .refine(({ requests, burst = 1 }) => burst <= requests, 'a burst within the requests');

export const providerShape: z.ZodType<Provider> = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]*$/, 'lower case'),
  name: sentence,
  docs: page,
  stages: z.array(text).min(1).optional(),
  auth: z.tuple(
    [z.discriminatedUnion('kind', [oauth2, fixed, minted])],
    z.discriminatedUnion('kind', [oauth2, fixed, minted]),
  ),
  api,
  limits: z.array(limit),
  concurrent: count.max(50).optional(),
}) as unknown as z.ZodType<Provider>;

function compiles(source: string): boolean {
  try {
    new RegExp(`^(?:${source})$`, 'u');
    return true;
  } catch {
    return false; // it is what is being asked
  }
}

/** Returns whether a pattern takes all of a text. */
export function fits(source: string, given: string): boolean {
  return compiles(source) && new RegExp(`^(?:${source})$`, 'u').test(given);
}
