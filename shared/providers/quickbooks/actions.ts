import * as z from 'zod';
import { at } from '../../core/json.ts';
import { type Actions, action, path } from '../actions.ts';

const docs = (page: string) =>
  `https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/${page}`;
/** The only one there is since 2025; said so, lest a next one surprises. */
const version = { minorversion: 75 };
const scopes = ['com.intuit.quickbooks.accounting'];
const times = { CreateTime: '2026-01-01T00:00:00-08:00', LastUpdatedTime: '2026-01-01T00:00:00-08:00' };
const customer = {
  ...{ Id: '58', SyncToken: '0', DisplayName: 'Acme GmbH', PrimaryEmailAddr: { Address: 'ada@acme.example' } },
  MetaData: times,
};
const invoice = {
  ...{ Id: '130', SyncToken: '0', DocNumber: '1037', TotalAmt: 150, Balance: 150, DueDate: '2026-02-01' },
  ...{ CustomerRef: { value: '58' }, MetaData: times },
};

/** Returns a text as QuickBooks' query language quotes it. */
const quoted = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`;

export function quickbooksActions(): Actions {
  const Id = z.string().regex(/^\d{1,20}$/, 'the id of an entity');
  const Day = z.iso.date();
  const Time = z.iso.datetime({ offset: true });
  const text = z.string().min(1).max(500);
  const entity = { Id: z.string(), SyncToken: z.string(), MetaData: z.looseObject({}).optional() };
  const Email = z.object({ Address: z.string().optional() }).nullish();
  const Customer = z.object({
    ...{ ...entity, DisplayName: z.string().optional(), CompanyName: z.string().nullish(), PrimaryEmailAddr: Email },
    ...{ Active: z.boolean().optional(), Balance: z.number().optional() },
  });
  const Invoice = z.object({
    ...{ ...entity, DocNumber: z.string().optional(), TotalAmt: z.number(), Balance: z.number().optional() },
    ...{ TxnDate: z.string().optional(), DueDate: z.string().optional(), CustomerRef: z.object({ value: z.string() }) },
  });
  const SyncToken = z.string().regex(/^\d{1,10}$/, 'the version that an answer tells');
  const customerFields = {
    ...{ displayName: text.optional(), companyName: text.optional(), givenName: text.optional() },
    ...{ familyName: text.optional(), email: z.email().optional(), phone: z.string().max(30).optional() },
    notes: z.string().max(2_000).optional(),
  };
  const customerJson = (fields: z.output<z.ZodObject<typeof customerFields>>) => ({
    ...{ DisplayName: fields.displayName, CompanyName: fields.companyName },
    ...{ GivenName: fields.givenName, FamilyName: fields.familyName },
    PrimaryEmailAddr: fields.email && { Address: fields.email },
    ...{ PrimaryPhone: fields.phone && { FreeFormNumber: fields.phone }, Notes: fields.notes },
  });
  const found = <Kind extends z.ZodType>(name: string, kind: Kind) =>
    z.object({ QueryResponse: z.object({ [name]: z.array(kind).optional(), totalCount: z.number().optional() }) });
  const window = {
    updatedSince: Time.optional(),
    startPosition: z.int().min(1).default(1),
    maxResults: z.int().min(1).max(1_000).default(100),
  };
  const query = (
    from: string,
    { updatedSince, startPosition, maxResults }: { updatedSince?: string; startPosition: number; maxResults: number },
    wanted: Readonly<Record<string, string | undefined>>,
  ) => {
    const conditions = Object.entries(wanted).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name} = ${quoted(value)}`],
    );
    if (updatedSince) conditions.push(`Metadata.LastUpdatedTime > ${quoted(updatedSince)}`);
    const where = conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : '';
    const pages = `STARTPOSITION ${startPosition} MAXRESULTS ${maxResults}`;
    return {
      ...({ method: 'GET', path: '/query' } as const),
      query: { query: `SELECT * FROM ${from}${where} ORDERBY Metadata.LastUpdatedTime ${pages}`, ...version },
    };
  };

  return {
    'changes.list': action({
      title: 'List what has changed',
      docs: 'https://developer.intuit.com/app/developer/qbo/docs/learn/explore-the-quickbooks-online-api/change-data-capture',
      ...{ scopes, effect: 'read' },
      input: z.strictObject({
        entities: z
          .array(z.string().regex(/^[A-Za-z]{3,40}$/))
          .min(1)
          .max(30),
        changedSince: Time,
      }),
      output: z.object({
        CDCResponse: z.array(z.object({ QueryResponse: z.array(z.looseObject({})) })),
        time: z.string().optional(),
      }),
      request: ({ entities, changedSince }) => ({
        ...{ method: 'GET', path: '/cdc' },
        query: { entities: entities.join(','), changedSince, ...version },
      }),
      example: {
        input: { entities: ['Customer', 'Invoice'], changedSince: '2026-01-01T00:00:00Z' },
        output: {
          CDCResponse: [{ QueryResponse: [{ Customer: [customer] }, { Invoice: [{ Id: '12', status: 'Deleted' }] }] }],
          time: '2026-01-02T00:00:00.000-08:00',
        },
      },
    }),
    'companyInfo.get': action({
      ...{ title: 'Read the company', docs: docs('companyinfo'), scopes, effect: 'read' },
      input: z.strictObject({}),
      output: z.object({
        ...{ CompanyName: z.string(), LegalName: z.string().optional(), Country: z.string().optional() },
        ...{ Email: Email, FiscalYearStartMonth: z.string().optional() },
      }),
      request: () => ({ method: 'GET', path: '/query', query: { query: 'SELECT * FROM CompanyInfo', ...version } }),
      answer: ({ body }) => at(body, 'QueryResponse.CompanyInfo.0'),
      example: {
        input: {},
        output: { CompanyName: 'Acme', LegalName: 'Acme GmbH', Country: 'US', Email: { Address: 'ada@acme.example' } },
      },
    }),
    'customers.create': action({
      ...{ title: 'Create a customer', docs: docs('customer#create-a-customer'), scopes, effect: 'write' },
      input: z.strictObject({ ...customerFields, displayName: text }),
      output: z.object({ Customer }),
      request: (fields) => ({
        ...{ method: 'POST', path: '/customer', query: version },
        json: customerJson(fields),
      }),
      about: { object: 'customer', id: 'Customer.Id' },
      example: {
        input: { displayName: customer.DisplayName, email: 'ada@acme.example' },
        output: { Customer: customer },
      },
    }),
    'customers.get': action({
      ...{ title: 'Read a customer', docs: docs('customer#read-a-customer'), scopes, effect: 'read' },
      input: z.strictObject({ id: Id }),
      output: z.object({ Customer }),
      request: ({ id }) => ({ method: 'GET', path: path`/customer/${id}`, query: version }),
      about: { object: 'customer', id: 'Customer.Id', by: 'id' },
      example: { input: { id: customer.Id }, output: { Customer: customer } },
    }),
    'customers.query': action({
      ...{ title: 'Find customers', docs: docs('customer#query-a-customer'), scopes, effect: 'read' },
      input: z.strictObject({ displayName: text.optional(), ...window }),
      output: found('Customer', Customer),
      request: ({ displayName, ...rest }) => query('Customer', rest, { DisplayName: displayName }),
      example: { input: { displayName: "O'Hara" }, output: { QueryResponse: { Customer: [customer] } } },
    }),
    'customers.update': action({
      ...{
        title: 'Change fields of a customer',
        docs: docs('customer#sparse-update-a-customer'),
        scopes,
        effect: 'write',
      },
      input: z.strictObject({ id: Id, syncToken: SyncToken.optional(), ...customerFields }),
      output: z.object({ Customer }),
      request: ({ id, syncToken, ...fields }) => ({
        ...{ method: 'POST', path: '/customer', query: version },
        json: { Id: id, SyncToken: syncToken, sparse: true, ...customerJson(fields) },
      }),
      version: { read: 'customers.get', with: ['id'], at: { body: 'Customer.SyncToken' }, as: { json: 'SyncToken' } },
      about: { object: 'customer', id: 'Customer.Id', by: 'id' },
      example: {
        input: { id: customer.Id, companyName: 'Acme GmbH' },
        output: { Customer: { ...customer, SyncToken: '1', CompanyName: 'Acme GmbH' } },
      },
    }),
    'invoices.create': action({
      ...{ title: 'Create an invoice', docs: docs('invoice#create-an-invoice'), scopes, effect: 'write' },
      input: z.strictObject({
        customer: Id,
        lines: z
          .array(
            z.strictObject({
              ...{ amount: z.number(), item: Id, description: z.string().max(4_000).optional() },
              ...{ quantity: z.number().optional(), unitPrice: z.number().optional() },
            }),
          )
          .min(1)
          .max(500),
        ...{ docNumber: z.string().max(21).optional(), txnDate: Day.optional(), dueDate: Day.optional() },
        ...{ billEmail: z.email().optional(), currency: z.string().length(3).optional() },
      }),
      output: z.object({ Invoice }),
      request: ({ customer, lines, docNumber, txnDate, dueDate, billEmail, currency }) => ({
        ...{ method: 'POST', path: '/invoice', query: version },
        json: {
          CustomerRef: { value: customer },
          Line: lines.map(({ amount, item, description, quantity, unitPrice }) => ({
            ...{ Amount: amount, Description: description, DetailType: 'SalesItemLineDetail' },
            SalesItemLineDetail: { ItemRef: { value: item }, Qty: quantity, UnitPrice: unitPrice },
          })),
          ...{ DocNumber: docNumber, TxnDate: txnDate, DueDate: dueDate },
          ...{ BillEmail: billEmail && { Address: billEmail }, CurrencyRef: currency && { value: currency } },
        },
      }),
      about: { object: 'invoice', id: 'Invoice.Id' },
      example: {
        input: {
          customer: '58',
          lines: [{ amount: 150, item: '1', quantity: 3, unitPrice: 50 }],
          dueDate: '2026-02-01',
        },
        output: { Invoice: invoice },
      },
    }),
    'invoices.get': action({
      ...{ title: 'Read an invoice', docs: docs('invoice#read-an-invoice'), scopes, effect: 'read' },
      input: z.strictObject({ id: Id }),
      output: z.object({ Invoice }),
      request: ({ id }) => ({ method: 'GET', path: path`/invoice/${id}`, query: version }),
      about: { object: 'invoice', id: 'Invoice.Id', by: 'id' },
      example: { input: { id: invoice.Id }, output: { Invoice: invoice } },
    }),
    'invoices.update': action({
      ...{
        title: 'Change fields of an invoice',
        docs: docs('invoice#sparse-update-an-invoice'),
        scopes,
        effect: 'write',
      },
      input: z.strictObject({
        ...{ id: Id, syncToken: SyncToken.optional(), docNumber: z.string().max(21).optional() },
        ...{ txnDate: Day.optional(), dueDate: Day.optional(), billEmail: z.email().optional() },
      }),
      output: z.object({ Invoice }),
      request: ({ id, syncToken, docNumber, txnDate, dueDate, billEmail }) => ({
        ...{ method: 'POST', path: '/invoice', query: version },
        json: {
          ...{ Id: id, SyncToken: syncToken, sparse: true },
          ...{ DocNumber: docNumber, TxnDate: txnDate, DueDate: dueDate },
          BillEmail: billEmail && { Address: billEmail },
        },
      }),
      version: { read: 'invoices.get', with: ['id'], at: { body: 'Invoice.SyncToken' }, as: { json: 'SyncToken' } },
      about: { object: 'invoice', id: 'Invoice.Id', by: 'id' },
      example: {
        input: { id: invoice.Id, dueDate: '2026-03-01' },
        output: { Invoice: { ...invoice, SyncToken: '1', DueDate: '2026-03-01' } },
      },
    }),
    'invoices.query': action({
      ...{ title: 'Find invoices', docs: docs('invoice#query-an-invoice'), scopes, effect: 'read' },
      input: z.strictObject({ customer: Id.optional(), docNumber: z.string().max(21).optional(), ...window }),
      output: found('Invoice', Invoice),
      request: ({ customer, docNumber, ...rest }) =>
        query('Invoice', rest, { CustomerRef: customer, DocNumber: docNumber }),
      example: {
        input: { customer: '58', updatedSince: '2026-01-01T00:00:00Z' },
        output: { QueryResponse: { Invoice: [invoice] } },
      },
    }),
  };
}
