import { PolicyStatement, type PolicyStatementProps, type Role } from 'aws-cdk-lib/aws-iam';

/** A setting and the right that goes with it, never one alone. */
export interface Binding {
  readonly value: string;
  readonly grant: (to: Role) => void;
}

/** Returns the binding of a value that comes with these actions on these resources. */
export function binding(value: string, ...rights: readonly PolicyStatementProps[]): Binding {
  return {
    value,
    grant: (to) => {
      for (const right of rights) to.addToPolicy(new PolicyStatement(right));
    },
  };
}
