import type { Provider } from '../provider.ts';

/** Events have hosts of their own, by where the project's data is kept: another host takes them and loses them. */
const ingestion = {
  by: 'host',
  of: {
    'mixpanel.com': 'https://api.mixpanel.com',
    'eu.mixpanel.com': 'https://api-eu.mixpanel.com',
    'in.mixpanel.com': 'https://api-in.mixpanel.com',
  },
} as const;

/** A service account, and in each request the project that is meant; for single events the project's token instead. */
export const mixpanel = {
  id: 'mixpanel',
  name: 'Mixpanel',
  docs: 'https://developer.mixpanel.com/reference/service-accounts',
  auth: [
    {
      kind: 'basic',
      label: 'a service account',
      fields: [
        {
          name: 'host',
          label: 'Data residency',
          help: 'Mixpanel → Settings → Project settings → Data residency.',
          choices: { 'mixpanel.com': 'United States', 'eu.mixpanel.com': 'European Union', 'in.mixpanel.com': 'India' },
        },
        {
          name: 'projectId',
          label: 'Project ID',
          help: 'Mixpanel → Settings → Project settings → Overview.',
          pattern: '[0-9]{1,12}',
          example: '1234567',
        },
        {
          name: 'projectToken',
          label: 'Project token',
          help: 'Mixpanel → Settings → Project settings → Overview. Needed to send events; it is no secret, and can read nothing.',
          pattern: '[0-9a-f]{32}',
          example: '00000000000000000000000000000000',
          optional: true,
        },
        {
          name: 'username',
          label: 'Service account user name',
          help: 'Mixpanel → Settings → Organization settings → Service accounts.',
          pattern: '[A-Za-z0-9._-]{1,100}',
          example: 'hub.abc123.mp-service-account',
        },
        {
          name: 'secret',
          label: 'Service account secret',
          help: 'Shown once, when the service account is made.',
          secret: true,
        },
      ],
      place: [
        { in: 'basic', user: '{username}', password: '{secret}' },
        { in: 'query', name: 'project_id', value: '{projectId}' },
      ],
      account: { from: 'field', id: ['projectId'], name: [] },
      unconfirmed: ['the answer of /app/me'],
    },
  ],
  api: {
    baseUrl: 'https://{host}/api',
    bases: { ingestion: { url: ingestion, place: [] }, imports: { url: ingestion } },
    whoami: { method: 'GET', path: '/app/me' },
    errors: {
      code: 'code',
      message: 'error',
      failureIn200: { field: 'status', equals: 0 },
      rateLimitedS: 60,
    },
  },
  // Of queries, five at once; ingestion counts events, far more of them than a queue lets go.
  limits: [{ requests: 60, perS: 3_600, burst: 5, except: ['events.import', 'events.track', 'profiles.set'] }],
} as const satisfies Provider;
