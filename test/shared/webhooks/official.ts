import hubspot from '@hubspot/api-client/lib/src/utils/signature.js';
import notion from '@notionhq/client/build/src/webhooks.js';
import { verify as verifyGithub } from '@octokit/webhooks-methods';
import { EventWebhook } from '@sendgrid/eventwebhook';
import slack from '@slack/bolt/dist/receivers/verify-request.js';
import discord from 'discord-interactions';
import standard from 'standardwebhooks';
import Stripe from 'stripe';
import svix from 'svix/dist/webhook.js';
import twilio from 'twilio/lib/webhooks/webhooks.js';
import { findWebhooks } from '../../../shared/providers/senders.ts';
import type { Incoming } from '../../../shared/webhooks/verify.ts';
import { type Form, formsOf } from './genuine.ts';

// The providers' own verifiers, as their packages have them, each asked the same question: did whoever knows this secret
// make this request, by the clock that `Date.now` shows? What they throw is a no, unless it is about the body's JSON.

export type Official = (request: Incoming, secret: string) => boolean | Promise<boolean>;

const text = ({ bytes }: Incoming): string => bytes.toString('utf8');
const header = ({ headers }: Incoming, name: string): string => headers[name] ?? '';

const stripe = new Stripe('sk_test_made_up');
const sendgrid = new EventWebhook();

/** By sender, and by form where it has several. */
export const official: Readonly<Record<string, Official>> = {
  stripe: (request, secret) =>
    unlessItThrows(() => stripe.webhooks.constructEvent(request.bytes, header(request, 'stripe-signature'), secret)),
  github: (request, secret) =>
    verifyGithub(secret, text(request), header(request, 'x-hub-signature-256')).catch(() => false),
  slack: ({ headers, ...request }, signingSecret) =>
    unlessItThrows(() =>
      slack.verifySlackRequest({
        signingSecret,
        body: text({ headers, ...request }),
        headers: headers as unknown as Parameters<typeof slack.verifySlackRequest>[0]['headers'],
      }),
    ),
  'standard-webhooks': (request, secret) =>
    unlessItThrows(() => new standard.Webhook(secret).verify(request.bytes, present(request), { jsonParse: false })),
  resend: (request, secret) => unlessItThrows(() => new svix.Webhook(secret).verify(request.bytes, present(request))),
  'twilio, JSON': (request, secret) =>
    twilio.validateRequestWithBody(secret, header(request, 'x-twilio-signature'), request.url ?? '', text(request)),
  'twilio, form': (request, secret) =>
    twilio.validateRequest(secret, header(request, 'x-twilio-signature'), request.url ?? '', fieldsOf(request)),
  sendgrid: (request, secret) =>
    unlessItThrows(() =>
      sendgrid.verifySignature(
        sendgrid.convertPublicKeyToECDSA(secret),
        request.bytes,
        header(request, 'x-twilio-email-event-webhook-signature'),
        header(request, 'x-twilio-email-event-webhook-timestamp'),
      ),
    ),
  'hubspot, v3': (request, secret) => isOfHubspot('v3', request, secret, 'x-hubspot-signature-v3'),
  'hubspot, v2': (request, secret) => isOfHubspot('v2', request, secret, 'x-hubspot-signature'),
  'hubspot, v1': (request, secret) => isOfHubspot('v1', request, secret, 'x-hubspot-signature'),
  discord: (request, secret) =>
    discord.verifyKey(
      request.bytes,
      header(request, 'x-signature-ed25519'),
      header(request, 'x-signature-timestamp'),
      secret,
    ),
  notion: (request, verificationToken) =>
    notion.verifyWebhookSignature({
      body: request.bytes,
      signature: request.headers['x-notion-signature'] ?? null,
      verificationToken,
    }),
};

/** Returns the form that an official verifier is for. */
export function formOf(name: string): Form {
  const [sender = '', which = ''] = name.split(', ');
  const webhooks = findWebhooks(sender);
  const index = { form: 1, v2: 1, v1: 2 }[which] ?? 0;
  const form = webhooks && formsOf(webhooks).find((one) => one.index === index);
  if (!form) throw new Error(`there is no form ${name}`);
  return form;
}

/** They verify first and read the JSON then: what they cannot read was verified. */
function unlessItThrows(ask: () => unknown): boolean {
  try {
    return ask() !== false;
  } catch (error) {
    return error instanceof SyntaxError;
  }
}

function isOfHubspot(signatureVersion: string, request: Incoming, clientSecret: string, name: string): boolean {
  const { method = 'POST', url } = request;
  const timestamp = request.headers['x-hubspot-request-timestamp'];
  return unlessItThrows(() =>
    hubspot.Signature.isValid({
      ...{ signatureVersion, clientSecret, method, url },
      requestBody: text(request),
      signature: header(request, name),
      timestamp: timestamp as unknown as number, // as it stands in the header: the sum is of texts
    }),
  );
}

function present({ headers }: Incoming): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter((pair): pair is [string, string] => pair[1] !== undefined));
}

/** As a web framework reads a form. */
function fieldsOf(request: Incoming): Record<string, string | string[]> {
  const fields: Record<string, string | string[]> = {};
  for (const [name, value] of new URLSearchParams(text(request))) {
    const before = fields[name];
    fields[name] = before === undefined ? value : [before, value].flat();
  }
  return fields;
}
