/** Lets the event loop go round so many times, so that what a backend has under way goes on. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
}

/** Calls `watch` again and again until `work` has ended, and answers what that answered. */
export async function watchWhile<Answer>(work: Promise<Answer>, watch: () => Promise<void>): Promise<Answer> {
  let ended = false;
  const ending = work.finally(() => {
    ended = true;
  });
  try {
    while (!ended) {
      await watch();
      // A backend may answer without ever leaving the present turn.
      await turns(1);
    }
  } finally {
    // When the watch has failed, nothing may go on writing behind the clean-up.
    await Promise.allSettled([ending]);
  }
  return ending;
}
