import type { Provider } from '../provider.ts';

/** No OAuth page and no app of the owner's: the customer's integration user signs in. The token endpoint tests the
 *  password; no other request is free of side effects and of parameters. */
export const mycarrierpackets = {
  id: 'mycarrierpackets',
  name: 'MyCarrierPackets',
  docs: 'https://mycarrierpackets.com/IntegrationGuide',
  auth: [
    {
      kind: 'password',
      label: 'an integration user',
      fields: [
        {
          name: 'username',
          label: 'Integration user name',
          help: 'MyCarrierPackets → Integration Tools shows the integration user of your company, or makes one.',
          example: 'acme-integration',
        },
        {
          name: 'password',
          label: 'Password',
          help: 'The password of the integration user, not that of a person.',
          secret: true,
        },
      ],
      mint: {
        url: 'https://api.mycarrierpackets.com/token',
        parameters: { grant_type: 'password', username: '{username}', password: '{password}' },
      },
      account: { from: 'field', id: ['username'], name: ['username'] },
      unconfirmed: ['the answer to a wrong password', 'the life of a token (14 days seen, 1 hour claimed)'],
    },
  ],
  api: {
    baseUrl: 'https://api.mycarrierpackets.com/api/v1',
    errors: { message: 'Message', details: 'ModelState' },
  },
  limits: [],
} as const satisfies Provider;
