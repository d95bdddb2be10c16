/** What may be skipped, and what must run where `CI` is set. A test is named by a part of its full name. */
export interface SkipRules {
  readonly allowed: readonly SkipRule[];
  readonly requiredInCi: readonly { readonly package: string; readonly test: string }[];
}

export interface SkipRule {
  readonly package: string;
  readonly test: string;
  readonly reason: string;
  /** Whether it may be skipped where `CI` is set, too. */
  readonly inCi: boolean;
}

/** The first rule that speaks of the test, by its package and its full name. */
export function ruleFor(rules: SkipRules, packageName: string, testName: string): SkipRule | undefined {
  return rules.allowed.find((rule) => rule.package === packageName && testName.includes(rule.test));
}
