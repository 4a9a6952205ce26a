export function Logo({ size = 28 }: { size?: number }) {
  return <img src="/phoenix.svg" width={size} height={size} alt="" />;
}
