/** The threads of this process, where there are several: each with what it has of the whole. */
import { byId, find, make, setText } from "./dom.js";
import { whole } from "./format.js";

/** @import { WorkerSnapshot, Snapshot } from "../../ops/snapshot.ts" */

/** @param {Snapshot} snapshot */
export function showWorkers({ workers }) {
  byId("workers").hidden = workers.length < 2;
  const body = find("#worker-table tbody", HTMLTableSectionElement);
  while (body.rows.length > workers.length) body.deleteRow(-1);
  workers.forEach((worker, i) => {
    const row = body.rows[i] ?? addRow(body);
    textsOf(worker).forEach((text, column) => {
      const cell = row.cells[column];
      if (cell !== undefined) setText(cell, text);
    });
  });
}

/** @param {WorkerSnapshot} worker */
function textsOf({ worker, clientId, isReady, phase, partitions, lag, inFlight, processed }) {
  return [
    `${worker}`,
    clientId,
    isReady ? "ready" : `not ready, ${phase}`,
    whole(partitions.length),
    lag === null ? "–" : whole(lag),
    whole(inFlight),
    whole(processed),
  ];
}

/** @param {HTMLTableSectionElement} body */
function addRow(body) {
  const row = body.insertRow();
  for (const className of ["", "", "", "number", "number", "number", "number"]) {
    row.append(make("td", { className }));
  }
  return row;
}
