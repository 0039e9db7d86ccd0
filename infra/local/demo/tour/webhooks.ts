import { createRequire } from 'node:module';
import { signedAsGithub, signedAsSlack } from '../third-parties.ts';
import { all, type Scene, type Step, TENANT, until } from './scene.ts';

const ACCOUNT = 21031067;
const kinds = ['issues', 'push', 'pull_request', 'star'];

/** GitHub's own examples of a few kinds, those of the connected account; each with a delivery id of its own. */
function examples(): { readonly kind: string; readonly delivery: string; readonly body: string }[] {
  const definitions = createRequire(import.meta.url)('@octokit/webhooks-examples') as {
    readonly name: string;
    readonly examples: readonly { readonly repository?: { readonly owner: { readonly id: number } } }[];
  }[];
  return definitions
    .filter(({ name }) => kinds.includes(name))
    .flatMap(({ name, examples }) =>
      examples
        .filter(({ repository }) => repository?.owner.id === ACCOUNT)
        .map((example, index) => ({ kind: name, delivery: `${name}-${index}`, body: JSON.stringify(example) })),
    );
}

async function post({ hub }: Scene, path: string, headers: Record<string, string>, body: string) {
  const response = await fetch(`${hub.url}/webhooks/${path}`, { method: 'POST', headers, body });
  return { status: response.status, text: await response.text() };
}

const githubSecret = ({ thirdParties }: Scene) => thirdParties.providers.github.webhookSecrets[0] ?? '';
const events = async (scene: Scene) => (await all(scene, `/v1/tenants/${TENANT}/events?provider=github`)).length;
const sent = examples();

export const webhookSteps: readonly Step[] = [
  {
    step: `${sent.length} of GitHub's own examples, signed`,
    expected: `${sent.length} accepted, ${sent.length} events`,
    async happen(scene) {
      const answers = await Promise.all(
        sent.map(({ kind, delivery, body }) =>
          post(scene, 'github', signedAsGithub(githubSecret(scene), kind, delivery, body), body),
        ),
      );
      const accepted = answers.filter(({ status }) => status >= 200 && status < 300).length;
      const count = await until(async () => {
        const seen = await events(scene);
        return seen >= sent.length && seen;
      }, 20_000);
      return `${accepted} accepted, ${count} events`;
    },
  },
  {
    step: 'one of them delivered again',
    expected: `200, still ${sent.length} events`,
    async happen(scene) {
      const [again] = sent;
      if (!again) return 'there is no example';
      const headers = signedAsGithub(githubSecret(scene), again.kind, again.delivery, again.body);
      const { status } = await post(scene, 'github', headers, again.body);
      await new Promise((resolve) => setTimeout(resolve, 1_500)); // time enough for a second event, if there were one
      return `${status}, still ${await events(scene)} events`;
    },
  },
  {
    step: 'one signed with another secret',
    expected: `401 unauthenticated, still ${sent.length} events`,
    async happen(scene) {
      const body = sent[0]?.body ?? '';
      const { status, text } = await post(
        scene,
        'github',
        signedAsGithub('x'.repeat(32), 'issues', 'forged', body),
        body,
      );
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      return `${status} ${JSON.parse(text).code}, still ${await events(scene)} events`;
    },
  },
  {
    step: "Slack's handshake",
    expected: '200 a-challenge',
    async happen(scene) {
      const body = JSON.stringify({ token: 'made-up', challenge: 'a-challenge', type: 'url_verification' });
      const secret = scene.thirdParties.providers.slack.webhookSecrets[0] ?? '';
      const { status, text } = await post(scene, 'slack', signedAsSlack(secret, body), body);
      return `${status} ${text}`;
    },
  },
];
