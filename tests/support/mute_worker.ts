/** A worker that never says anything, as one that computes without a pause. */
export {};
