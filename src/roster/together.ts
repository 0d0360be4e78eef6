/**
 * Waits for work that is under way side by side. When one part fails the rest is stopped, and the failure is told only
 * after every part has ended, so that nothing goes on behind the caller's back.
 *
 * @param stop tells the other parts to end early
 */
export async function together<T>(parts: readonly Promise<T>[], stop: () => void): Promise<readonly T[]> {
  try {
    return await Promise.all(parts);
  } catch (error) {
    stop();
    await Promise.allSettled(parts);
    throw error;
  }
}
