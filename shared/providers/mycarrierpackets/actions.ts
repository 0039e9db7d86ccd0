import * as z from 'zod';
import { type Actions, action } from '../actions.ts';

const docs = 'https://mycarrierpackets.com/IntegrationGuide';

/** Every operation is a POST without a body; these only read. */
export function mycarrierpacketsActions(): Actions {
  const Dot = z.int().min(1).max(999_999_999);
  const Time = z
    .string()
    .regex(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/,
      'a time like 2026-01-31T08:00:00, without a zone: MyCarrierPackets names none',
    );
  return {
    'carriers.get': action({
      ...{ title: 'Read what is known of a carrier', docs, effect: 'read' },
      input: z
        .strictObject({
          dotNumber: Dot.optional(),
          docketNumber: z
            .string()
            .regex(/^[A-Za-z]{2}\d{1,8}$/, 'a docket number like MC123456')
            .optional(),
        })
        .refine(({ dotNumber, docketNumber }) => dotNumber ?? docketNumber, 'dotNumber or docketNumber'),
      /** Bank details are among it. */
      output: z.looseObject({ DOTNumber: z.number(), LegalName: z.string().nullish(), MCNumber: z.string().nullish() }),
      request: ({ dotNumber, docketNumber }) => ({
        ...{ method: 'POST', path: '/Carrier/GetCarrierData' },
        query: { DOTNumber: dotNumber, DocketNumber: docketNumber },
      }),
      example: {
        input: { dotNumber: 9_999_997 },
        output: {
          ...{ DOTNumber: 9_999_997, LegalName: 'Made-up Trucking LLC', DBAName: null, MCNumber: 'MC9999997' },
          ...{ City: 'Springfield', State: 'IL', Zipcode: '62701', Country: 'US', CarrierCustomerAgreements: [] },
        },
      },
    }),
    'packets.listCompleted': action({
      ...{ title: 'List the packets that were completed', docs, effect: 'read' },
      input: z.strictObject({ from: Time, to: Time }),
      output: z.array(z.looseObject({ DOTNumber: z.number(), CompletedDate: z.string() })),
      request: ({ from, to }) => ({
        ...{ method: 'POST', path: '/Carrier/CompletedPackets', query: { fromDate: from, toDate: to } },
      }),
      example: {
        input: { from: '2026-01-01T00:00:00', to: '2026-01-02T00:00:00' },
        output: [
          {
            ...{ DOTNumber: 9_999_997, DocketNumber: 'MC9999997', LegalName: 'Made-up Trucking LLC' },
            CompletedDate: '2026-01-01T16:20:00',
          },
        ],
      },
    }),
  };
}
