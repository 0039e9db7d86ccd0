import { expect, test } from 'vitest';
import { TenantId } from '../../../shared/core/ids.ts';
import { makeApiKey, readApiKey } from '../../../shared/tenants/api-key.ts';
import { isReturnUrl } from '../../../shared/tenants/tenant.ts';
import { testMoment } from '../../support/moment.ts';

const profile = { returnUrls: ['https://app.example.com/connected'] };

test('a registered return URL is recognized', () => {
  expect(isReturnUrl(profile, 'https://app.example.com/connected')).toBe(true);
});

test.each([
  ...['http://app.example.com/connected', '//app.example.com/connected', '/\\app.example.com/connected'],
  ...[
    'https:app.example.com/connected',
    'https://app.example.com@evil.example/connected',
    'https://u@app.example.com/connected',
  ],
  ...[
    'https://app.example.com.evil.example/connected',
    'https://xapp.example.com/connected',
    'https://app.example.com./connected',
  ],
  ...[
    'https://app.example.com:443/connected',
    'https://app.example.com:8443/connected',
    'https://app.example.com/connected/',
  ],
  ...[
    'https://app.example.com/connected/../evil',
    'https://app.example.com/connected%2f..%2fevil',
    'https://app.example.com/./connected',
  ],
  ...[
    'https://app.example.com/connected#x',
    'https://app.example.com/connected?x',
    'https://app.example.com/conn\tected',
  ],
  ...[
    'https://app.example.com/connected\n',
    ' https://app.example.com/connected',
    'javascript:alert(1)',
    'data:text/html,x',
  ],
  ...['HTTPS://app.example.com/connected', 'https://App.example.com/connected', 'https://app.exаmple.com/connected'],
  ...[
    'https://app．example．com/connected',
    'https:\\\\app.example.com\\connected',
    'https://app.example.com/%63onnected',
    '',
  ],
])('%j is not, however alike (A-10)', (url) => {
  expect(isReturnUrl(profile, url)).toBe(false);
});

test('a key names its tenant, also one with signs in its id', () => {
  for (const id of ['acme', 'a.b', 'a_b', 'tnt_01hf7yat00', 'A-1~x', 'a.0123456789ab', 'x'.repeat(64)]) {
    const { row, text } = makeApiKey('prod', TenantId.parse(id), {}, testMoment());
    expect(readApiKey(text, 'prod')).toMatchObject({ tenantId: id, keyId: row.keyId });
    expect(readApiKey(text, 'dev')).toBeUndefined();
  }
});
