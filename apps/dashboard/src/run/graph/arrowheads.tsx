/** The ends of edges in a graph. */
export function Arrowheads() {
  const shape = { viewBox: "0 0 8 8", refX: "7", refY: "4", markerWidth: "7", markerHeight: "7" };
  return (
    <svg className="run-marks" aria-hidden="true">
      <defs>
        {["", "-critical"].map((kind) => (
          <marker key={kind} id={`run-arrow${kind}`} {...shape} markerUnits="userSpaceOnUse" orient="auto">
            <path className={`run-arrow${kind}`} d="M0 0.5 7.5 4 0 7.5z" />
          </marker>
        ))}
      </defs>
    </svg>
  );
}
