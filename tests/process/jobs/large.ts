// deno-lint-ignore-file no-console -- the job tells its test what came of it
import { defineJob } from "../../../job/mod.ts";

interface Piece {
  readonly index: number;
  readonly length: number;
  readonly data: Float64Array;
}

/** What user code keeps of what it was given: nothing of that may change later. */
function createKept(countMax: number) {
  const kept: Piece[] = [];
  return (piece: Piece): void => {
    kept.push(piece);
    if (kept.length > countMax) kept.shift();
    for (const { index, length, data } of kept) {
      const wrong = data.findIndex((value, at) => value !== index + at);
      if (wrong >= 0) throw new Error(`the data of ${index} has ${data[wrong]} at ${wrong}`);
      if (data.length !== length) throw new Error(`the data of ${index} has ${data.length} of ${length} numbers`);
    }
  };
}

const keepInWorker = createKept(4);
const makePiece = (index: number, length: number): Piece => {
  return { index, length, data: new Float64Array(length).map((_, at) => index + at) };
};

/** Large data there and back, of all sizes; both sides keep some of what they are given, and look at it again. */
export default defineJob({
  name: "large",
  options: { count: 120 },
  state: () => ({ sum: 0, keep: createKept(4) }),
  *tasks({ count }): Generator<Piece> {
    for (let index = 0; index < count; index++) yield makePiece(index, 1000 + (index % 5) * 60_000);
  },
  compute(piece) {
    keepInWorker(piece);
    return { ...piece, data: piece.data.slice() };
  },
  collect(piece, _, { state }) {
    state.keep(piece);
    state.sum += piece.index;
  },
  finish: (_, { state }) => console.log(`sum ${state.sum}`),
});
