import type { Provider } from '../provider.ts';

/** Test and live mode have apps and keys of their own, on the same hosts. The client secret of a Connect platform is its
 *  secret key. */
export const stripe = {
  id: 'stripe',
  name: 'Stripe',
  docs: 'https://docs.stripe.com/connect/oauth-reference',
  auth: [
    {
      kind: 'oauth2',
      authorizeUrl: 'https://connect.stripe.com/oauth/authorize',
      tokenUrl: 'https://connect.stripe.com/oauth/token',
      clientAuth: 'body',
      pkce: { none: 'Stripe Connect has no PKCE' },
      scopes: { read_write: 'Read and write your customers, payments and subscriptions' },
      moreScopes: { read_only: 'Read your customers, payments and subscriptions' },
      scopeSeparator: ' ',
      tokenErrors: 'status',
      refresh: { rotates: 'never', graceS: 0 },
      revoke: {
        style: 'request',
        method: 'POST',
        url: 'https://connect.stripe.com/oauth/deauthorize',
        parameters: { client_id: '{app.clientId}', stripe_user_id: '{account}' },
        place: [{ in: 'header', name: 'authorization', value: 'Bearer {app.clientSecret}' }],
        ends: 'account',
      },
      account: { from: 'token', id: ['stripe_user_id'], name: [] },
      unconfirmed: ['what is answered where the account was disconnected before'],
    },
    {
      kind: 'api_key',
      label: 'a secret or restricted key',
      docs: 'https://docs.stripe.com/keys',
      fields: [
        {
          name: 'apiKey',
          label: 'Secret or restricted key',
          help: 'Stripe → Developers → API keys. A restricted key must be allowed to read the account.',
          secret: true,
          pattern: '(sk|rk)_(live|test)_[A-Za-z0-9]{10,250}',
          example: 'rk_test_0123456789abcdef',
        },
      ],
      place: [{ in: 'header', name: 'authorization', value: 'Bearer {apiKey}' }],
      account: { from: 'whoami', id: ['id'], name: ['settings.dashboard.display_name'] },
    },
  ],
  api: {
    baseUrl: 'https://api.stripe.com/v1',
    headers: { 'stripe-version': '2026-10-28.endive' },
    whoami: { method: 'GET', path: '/account', account: ['id'] },
    pagination: { next: 'last', items: 'data', id: 'id', as: 'starting_after', more: 'has_more' },
    errors: {
      code: ['error.decline_code', 'error.code', 'error.type'],
      message: 'error.message',
      details: 'error.param',
      rateLimitedCodes: ['rate_limit'],
      againCodes: ['lock_timeout', 'idempotency_key_in_use'],
      retryHeader: 'stripe-should-retry',
      texts: {
        card_declined: 'The card was declined.',
        generic_decline: 'The card was declined; the bank does not say why.',
        do_not_honor: 'The card was declined; the bank does not say why.',
        insufficient_funds: 'The card has not enough funds.',
        expired_card: 'The card has expired.',
        incorrect_cvc: "The card's security code is wrong.",
        incorrect_number: 'The card number is wrong.',
        lost_card: 'The card was declined.', // who holds it is not told why
        stolen_card: 'The card was declined.',
        authentication_required: 'The bank wants its customer to confirm this payment.',
        processing_error: 'The card could not be processed; it may work later.',
      },
    },
    requestIdHeader: 'request-id',
    idempotency: { header: 'idempotency-key', keptS: 86_400 },
  },
  limits: [{ requests: 25, perS: 1 }],
} as const satisfies Provider;
