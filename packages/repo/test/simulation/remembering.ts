/**
 * A function of bytes, or of another object that never changes, that answers from memory what it was asked before. The rest
 * of its arguments are text and numbers. What it throws is thrown anew each time.
 */
export function remembering<Subject extends object, Rest extends readonly unknown[], Answer>(
  work: (subject: Subject, ...rest: Rest) => Answer,
): (subject: Subject, ...rest: Rest) => Answer {
  const known = new WeakMap<Subject, { readonly rest: string; readonly answer: Answer }[]>();
  return (subject, ...given) => {
    const rest = given.join(" ");
    const answers = known.get(subject);
    const found = answers?.find((one) => one.rest === rest);
    if (found !== undefined) return found.answer;
    const answer = work(subject, ...given);
    if (answers === undefined) known.set(subject, [{ rest, answer }]);
    else answers.push({ rest, answer });
    return answer;
  };
}
