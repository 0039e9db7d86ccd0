import { setting } from '../core/paths.ts';

/** Whatever hands out a live credential needs these: the rows, the vault, the owner's apps. */
export const credentialEnv = {
  STAGE: setting,
  CONNECTIONS_TABLE: setting,
  TENANT_KEYS_TABLE: setting,
  VAULT_KEY_ID: setting,
  PROVIDER_SECRETS: setting,
  BUS_NAME: setting,
} as const;
