// What the example of each action is to send, compared line by line with the pages of its provider: method and URL, then the
// body (the fields, where it is a form), then headers beside those that all requests have. The connection has the examples
// of its provider’s fields and the account `account-1`; the call is `call_1`.

export type Expected = readonly [line: string, body?: unknown, headers?: Readonly<Record<string, string>>];

const uuid = 'cc773bdd-0f7d-886f-83e3-724fbe34b1c6';
const keyed = { 'idempotency-key': 'call_1' };
const phc = 'phc_0000000000000000000000000000000000000000000';

export const requests: Readonly<Record<string, Expected>> = {
  'demo/contacts.create': [
    'POST https://api.demo.invalid/contacts',
    { name: 'Ada Lovelace', email: 'ada@example.com' },
    keyed,
  ],
  'demo/contacts.get': ['GET https://api.demo.invalid/contacts/c1'],
  'demo/contacts.search': ['GET https://api.demo.invalid/search?name=Ada'],
  'discord/interactions.followUp': [
    'POST https://discord.com/api/v10/webhooks/1100000000000000001/aW50ZXJhY3Rpb246bWFkZS11cC10b2tlbg',
    { content: 'Done.', allowed_mentions: { parse: [] } },
  ],
  'discord/interactions.reply': [
    'PATCH https://discord.com/api/v10/webhooks/1100000000000000001/aW50ZXJhY3Rpb246bWFkZS11cC10b2tlbg/messages/@original',
    { content: 'Done.', allowed_mentions: { parse: [] } },
  ],
  'discord/messages.create': [
    'POST https://discord.com/api/v10/channels/41771983423143937/messages',
    { content: 'Invoice 1042 was paid.', allowed_mentions: { parse: [] } },
  ],
  'github/issues.create': [
    'POST https://api.github.com/repos/octocat/hello-world/issues',
    { title: 'Found a bug', labels: ['bug'] },
  ],
  'github/issues.list': ['GET https://api.github.com/repos/octocat/hello-world/issues?page=1&state=all&per_page=30'],
  'github/repos.list': ['GET https://api.github.com/user/repos?page=1&sort=updated&per_page=30'],
  'github/user.get': ['GET https://api.github.com/user'],
  'google/calendars.list': ['GET https://www.googleapis.com/calendar/v3/users/me/calendarList?maxResults=50'],
  'google/events.insert': [
    'POST https://www.googleapis.com/calendar/v3/calendars/primary/events?sendUpdates=none',
    {
      summary: 'Kick-off',
      start: { dateTime: '2026-02-01T10:00:00+01:00' },
      end: { dateTime: '2026-02-01T11:00:00+01:00' },
      attendees: [{ email: 'grace@example.com' }],
    },
  ],
  'google/events.list': [
    'GET https://www.googleapis.com/calendar/v3/calendars/primary/events?timeMin=2026-02-01T00%3A00%3A00Z&singleEvents=true&maxResults=50',
  ],
  'google/files.list': [
    'GET https://www.googleapis.com/drive/v3/files?q=mimeType+%3D+%27application%2Fpdf%27&pageSize=50&fields=nextPageToken%2Cfiles%28id%2Cname%2CmimeType%2CmodifiedTime%2Csize%2CwebViewLink%29',
  ],
  'google/messages.send': [
    'POST https://gmail.googleapis.com/gmail/v1/users/me/messages/send',
    {
      raw: 'VG86IGdyYWNlQGV4YW1wbGUuY29tDQpTdWJqZWN0OiA9P1VURi04P0I_UjNMRHZNT2ZaUT09Pz0NCk1JTUUtVmVyc2lvbjogMS4wDQpDb250ZW50LVR5cGU6IHRleHQvcGxhaW47IGNoYXJzZXQ9dXRmLTgNCkNvbnRlbnQtVHJhbnNmZXItRW5jb2Rpbmc6IGJhc2U2NA0KDQpTR1ZzYkc4PQ',
    },
  ],
  'google/userinfo.get': ['GET https://openidconnect.googleapis.com/v1/userinfo'],
  'google/values.append': [
    'POST https://sheets.googleapis.com/v4/spreadsheets/1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms/values/Orders%21A1:append?valueInputOption=RAW&insertDataOption=INSERT_ROWS',
    { values: [['1042', 19.99]] },
  ],
  'hubspot/contacts.create': [
    'POST https://api.hubapi.com/crm/objects/2026-09/contacts',
    { properties: { email: 'ada@example.com', firstname: 'Ada', lastname: 'Lovelace' } },
  ],
  'hubspot/contacts.get': [
    'GET https://api.hubapi.com/crm/objects/2026-09/contacts/512?properties=email%2Cfirstname%2Clastname%2Cphone%2Ccompany',
  ],
  'hubspot/contacts.search': [
    'POST https://api.hubapi.com/crm/objects/2026-09/contacts/search',
    {
      filterGroups: [{ filters: [{ propertyName: 'email', operator: 'CONTAINS_TOKEN', value: '*@example.com' }] }],
      properties: ['email', 'firstname', 'lastname', 'phone', 'company'],
      limit: 20,
    },
  ],
  'hubspot/contacts.update': [
    'PATCH https://api.hubapi.com/crm/objects/2026-09/contacts/512',
    { properties: { lastname: 'King' } },
  ],
  'microsoft/channelMessages.create': [
    'POST https://graph.microsoft.com/v1.0/teams/fbe2bf47-16c8-47cf-b4a5-4b9b187c508b/channels/19%3A4a95f7d8db4c4e7fae857bcebe0623e6%40thread.tacv2/messages',
    { body: { contentType: 'text', content: 'Invoice 1042 was paid.' } },
  ],
  'microsoft/events.create': [
    'POST https://graph.microsoft.com/v1.0/me/events',
    {
      subject: 'Kick-off',
      start: { dateTime: '2026-02-01T10:00:00', timeZone: 'UTC' },
      end: { dateTime: '2026-02-01T11:00:00', timeZone: 'UTC' },
      attendees: [{ emailAddress: { address: 'grace@example.com' }, type: 'required' }],
      transactionId: uuid,
    },
  ],
  'microsoft/events.list': [
    'GET https://graph.microsoft.com/v1.0/me/calendarView?startDateTime=2026-02-01T00%3A00%3A00Z&endDateTime=2026-02-08T00%3A00%3A00Z&%24orderby=start%2FdateTime&%24top=50',
  ],
  'microsoft/mail.send': [
    'POST https://graph.microsoft.com/v1.0/me/sendMail',
    {
      message: {
        subject: 'Hello',
        body: { contentType: 'text', content: 'How are you?' },
        toRecipients: [{ emailAddress: { address: 'grace@example.com' } }],
      },
      saveToSentItems: true,
    },
  ],
  'microsoft/me.get': ['GET https://graph.microsoft.com/v1.0/me'],
  'mixpanel/events.import': [
    'POST https://api.mixpanel.com/import?strict=1',
    [{ event: 'Order paid', properties: { time: 1718716477, distinct_id: 'user-1', $insert_id: 'order-1042' } }],
  ],
  'mixpanel/events.track': [
    'POST https://api.mixpanel.com/track?verbose=1&ip=0',
    [
      {
        event: 'Order paid',
        properties: {
          total: 19.99,
          token: '00000000000000000000000000000000',
          time: 1718716477,
          distinct_id: 'user-1',
          $insert_id: uuid,
        },
      },
    ],
  ],
  'mixpanel/profiles.set': [
    'POST https://api.mixpanel.com/engage?verbose=1&ip=0',
    [
      {
        $token: '00000000000000000000000000000000',
        $distinct_id: 'user-1',
        $ip: '0',
        $set: { $email: 'ada@example.com' },
      },
    ],
  ],
  'mycarrierpackets/carriers.get': [
    'POST https://api.mycarrierpackets.com/api/v1/Carrier/GetCarrierData?DOTNumber=9999997',
  ],
  'mycarrierpackets/packets.listCompleted': [
    'POST https://api.mycarrierpackets.com/api/v1/Carrier/CompletedPackets?fromDate=2026-01-01T00%3A00%3A00&toDate=2026-01-02T00%3A00%3A00',
  ],
  'notion/dataSources.query': [
    'POST https://api.notion.com/v1/data_sources/248104cd-477e-80af-bc30-000bd28de8f9/query',
    { page_size: 10 },
  ],
  'notion/pages.create': [
    'POST https://api.notion.com/v1/pages',
    {
      parent: { data_source_id: '248104cd-477e-80af-bc30-000bd28de8f9' },
      properties: { Name: { title: [{ text: { content: 'Invoice 1042' } }] } },
    },
  ],
  'notion/pages.update': [
    'PATCH https://api.notion.com/v1/pages/be633bf1-dfa0-436d-b259-571129a590e5',
    { in_trash: true },
  ],
  'notion/search': [
    'POST https://api.notion.com/v1/search',
    { query: 'Invoice', filter: { property: 'object', value: 'page' }, page_size: 50 },
  ],
  'posthog/events.batch': [
    'POST https://us.i.posthog.com/batch/',
    {
      api_key: phc,
      historical_migration: false,
      batch: [
        {
          event: 'order paid',
          properties: { total: 19.99 },
          timestamp: '2026-01-01T00:00:00.000Z',
          distinct_id: 'user-1',
        },
      ],
    },
  ],
  'posthog/events.capture': [
    'POST https://us.i.posthog.com/i/v0/e/',
    {
      uuid: uuid,
      event: 'order paid',
      properties: { total: 19.99 },
      distinct_id: 'user-1',
      api_key: phc,
      timestamp: '2026-01-01T00:00:00.000Z',
    },
  ],
  'posthog/persons.identify': [
    'POST https://us.i.posthog.com/i/v0/e/',
    {
      uuid: uuid,
      event: '$identify',
      distinct_id: 'user-1',
      properties: { $set: { email: 'ada@example.com' } },
      api_key: phc,
      timestamp: '2026-01-01T00:00:00.000Z',
    },
  ],
  'quickbooks/changes.list': [
    'GET https://quickbooks.api.intuit.com/v3/company/account-1/cdc?entities=Customer%2CInvoice&changedSince=2026-01-01T00%3A00%3A00Z&minorversion=75',
  ],
  'quickbooks/companyInfo.get': [
    'GET https://quickbooks.api.intuit.com/v3/company/account-1/query?query=SELECT+*+FROM+CompanyInfo&minorversion=75',
  ],
  'quickbooks/customers.create': [
    'POST https://quickbooks.api.intuit.com/v3/company/account-1/customer?minorversion=75&requestid=call_1',
    { DisplayName: 'Acme GmbH', PrimaryEmailAddr: { Address: 'ada@acme.example' } },
  ],
  'quickbooks/customers.get': [
    'GET https://quickbooks.api.intuit.com/v3/company/account-1/customer/58?minorversion=75',
  ],
  'quickbooks/customers.query': [
    'GET https://quickbooks.api.intuit.com/v3/company/account-1/query?query=SELECT+*+FROM+Customer+WHERE+DisplayName+%3D+%27O%5C%27Hara%27+ORDERBY+Metadata.LastUpdatedTime+STARTPOSITION+1+MAXRESULTS+100&minorversion=75',
  ],
  'quickbooks/customers.update': [
    'POST https://quickbooks.api.intuit.com/v3/company/account-1/customer?minorversion=75&requestid=call_1',
    { Id: '58', sparse: true, CompanyName: 'Acme GmbH' },
  ],
  'quickbooks/invoices.create': [
    'POST https://quickbooks.api.intuit.com/v3/company/account-1/invoice?minorversion=75&requestid=call_1',
    {
      CustomerRef: { value: '58' },
      Line: [
        {
          Amount: 150,
          DetailType: 'SalesItemLineDetail',
          SalesItemLineDetail: { ItemRef: { value: '1' }, Qty: 3, UnitPrice: 50 },
        },
      ],
      DueDate: '2026-02-01',
    },
  ],
  'quickbooks/invoices.get': ['GET https://quickbooks.api.intuit.com/v3/company/account-1/invoice/130?minorversion=75'],
  'quickbooks/invoices.update': [
    'POST https://quickbooks.api.intuit.com/v3/company/account-1/invoice?minorversion=75&requestid=call_1',
    { Id: '130', sparse: true, DueDate: '2026-03-01' },
  ],
  'quickbooks/invoices.query': [
    'GET https://quickbooks.api.intuit.com/v3/company/account-1/query?query=SELECT+*+FROM+Invoice+WHERE+CustomerRef+%3D+%2758%27+AND+Metadata.LastUpdatedTime+%3E+%272026-01-01T00%3A00%3A00Z%27+ORDERBY+Metadata.LastUpdatedTime+STARTPOSITION+1+MAXRESULTS+100&minorversion=75',
  ],
  'resend/emails.get': ['GET https://api.resend.com/emails/49a3999c-0ce1-4ea6-ab68-afcd6dc2e794'],
  'resend/emails.send': [
    'POST https://api.resend.com/emails',
    {
      from: 'Acme <billing@acme.example>',
      to: ['ada@example.com'],
      subject: 'Invoice 1042',
      text: 'Thank you.',
      reply_to: ['help@acme.example'],
    },
    keyed,
  ],
  'resend/emails.sendBatch': [
    'POST https://api.resend.com/emails/batch',
    [{ from: 'Acme <billing@acme.example>', to: ['ada@example.com'], subject: 'Invoice 1042', text: 'Thank you.' }],
    keyed,
  ],
  's3/objects.downloadUrl': ['GET https://s3.eu-central-1.amazonaws.com/acme-exports/reports/2026-01.csv'],
  's3/objects.get': [
    'GET https://s3.eu-central-1.amazonaws.com/acme-exports/reports/2026-01.csv',
    undefined,
    { accept: '*/*' },
  ],
  's3/objects.publicUrl': ['GET https://s3.eu-central-1.amazonaws.com/acme-exports/reports/2026-01.csv'],
  's3/objects.put': [
    'PUT https://s3.eu-central-1.amazonaws.com/acme-exports/reports/2026-01.csv',
    'id,total\n1042,19.99\n',
    { 'content-type': 'text/csv' },
  ],
  's3/objects.uploadUrl': ['PUT https://s3.eu-central-1.amazonaws.com/acme-exports/reports/2026-01.csv'],
  'sendgrid/mail.send': [
    'POST https://api.sendgrid.com/v3/mail/send',
    {
      personalizations: [{ to: [{ email: 'ada@example.com' }] }],
      from: { email: 'billing@acme.example', name: 'Acme' },
      subject: 'Invoice 1042',
      content: [{ type: 'text/plain', value: 'Thank you.' }],
    },
  ],
  'sendgrid/mail.sendBulk': [
    'POST https://api.sendgrid.com/v3/mail/send',
    {
      personalizations: [
        { to: [{ email: 'ada@example.com' }], substitutions: { '-name-': 'Ada' } },
        { to: [{ email: 'grace@example.com' }], substitutions: { '-name-': 'Grace' } },
      ],
      from: { email: 'billing@acme.example', name: 'Acme' },
      subject: 'Hello -name-',
      content: [{ type: 'text/plain', value: 'Dear -name-, thank you.' }],
    },
  ],
  'slack/chat.postMessage': [
    'POST https://slack.com/api/chat.postMessage',
    { channel: 'C0123456789', text: 'Invoice 1042 was paid.' },
  ],
  'slack/conversations.history': [
    'GET https://slack.com/api/conversations.history?channel=C0123456789&oldest=1700000000.000000&limit=15',
  ],
  'slack/conversations.list': ['GET https://slack.com/api/conversations.list?limit=200'],
  'slack/responses.send': [
    'POST https://hooks.slack.com/commands/T0123456789/1234567890/abcDEF123',
    { text: 'Done.', response_type: 'ephemeral' },
  ],
  'slack/users.info': ['GET https://slack.com/api/users.info?user=U0123456789'],
  'stripe/billingPortal.createSession': [
    'POST https://api.stripe.com/v1/billing_portal/sessions',
    { customer: 'cus_NffrFeUfNV2Hib', return_url: 'https://app.example/account' },
    keyed,
  ],
  'stripe/checkout.createSession': [
    'POST https://api.stripe.com/v1/checkout/sessions',
    {
      mode: 'subscription',
      'line_items[0][price]': 'price_1MowQULkdIwHu7ix',
      'line_items[0][quantity]': '1',
      success_url: 'https://app.example/paid?session={CHECKOUT_SESSION_ID}',
    },
    keyed,
  ],
  'stripe/customers.create': [
    'POST https://api.stripe.com/v1/customers',
    { email: 'ada@example.com', name: 'Ada Lovelace', 'metadata[tenant]': 'acme' },
    keyed,
  ],
  'stripe/customers.retrieve': ['GET https://api.stripe.com/v1/customers/cus_NffrFeUfNV2Hib'],
  'stripe/customers.update': [
    'POST https://api.stripe.com/v1/customers/cus_NffrFeUfNV2Hib',
    { name: 'Ada King' },
    keyed,
  ],
  'stripe/invoices.list': ['GET https://api.stripe.com/v1/invoices?customer=cus_NffrFeUfNV2Hib&status=paid&limit=10'],
  'stripe/paymentIntents.create': [
    'POST https://api.stripe.com/v1/payment_intents',
    { amount: '1999', currency: 'usd', customer: 'cus_NffrFeUfNV2Hib', 'automatic_payment_methods[enabled]': 'true' },
    keyed,
  ],
  'stripe/subscriptions.cancel': [
    'DELETE https://api.stripe.com/v1/subscriptions/sub_1MowQVLkdIwHu7ixeRlqHVzs',
    undefined,
    keyed,
  ],
  'stripe/subscriptions.create': [
    'POST https://api.stripe.com/v1/subscriptions',
    {
      customer: 'cus_NffrFeUfNV2Hib',
      'items[0][price]': 'price_1MowQULkdIwHu7ix',
      'items[0][quantity]': '2',
      trial_period_days: '14',
      payment_behavior: 'default_incomplete',
      'expand[0]': 'latest_invoice.confirmation_secret',
    },
    keyed,
  ],
  'stripe/subscriptions.retrieve': ['GET https://api.stripe.com/v1/subscriptions/sub_1MowQVLkdIwHu7ixeRlqHVzs'],
  'twilio/messages.get': [
    'GET https://api.twilio.com/2010-04-01/Accounts/account-1/Messages/SM00000000000000000000000000000000.json',
  ],
  'twilio/messages.send': [
    'POST https://api.twilio.com/2010-04-01/Accounts/account-1/Messages.json',
    { To: '+14155550100', From: '+14155550199', Body: 'Your code is 123 456.', MediaUrl: 'https://acme.example/a.png' },
  ],
  'twilio/messages.sendWhatsApp': [
    'POST https://api.twilio.com/2010-04-01/Accounts/account-1/Messages.json',
    {
      To: 'whatsapp:+14155550100',
      From: 'whatsapp:+14155550199',
      ContentSid: 'HX00000000000000000000000000000000',
      ContentVariables: '{"1":"Ada"}',
    },
  ],
  'zapier/hooks.send': ['POST https://hooks.zapier.com/hooks/catch/123456/', { invoice: 1042, paid: true }],
};
