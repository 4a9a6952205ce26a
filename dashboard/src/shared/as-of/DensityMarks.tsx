import type { Mark } from "./moments";

const HEIGHT = 22;

/** Where much happened, above the slider. It says nothing that stepping through the events does not say. */
export function DensityMarks({ marks }: { marks: Mark[] }) {
  return (
    <svg width="100%" height={HEIGHT} viewBox={`0 0 1 ${HEIGHT}`} preserveAspectRatio="none" aria-hidden style={{ display: "block" }}>
      {marks.map(({ left, width, height }) => (
        <rect
          key={left}
          x={left}
          width={Math.max(width * 0.85, 0.001)}
          y={HEIGHT - Math.max(2, height * HEIGHT)}
          height={Math.max(2, height * HEIGHT)}
          fill="var(--mantine-primary-color-filled)"
          opacity={0.55}
        />
      ))}
    </svg>
  );
}
