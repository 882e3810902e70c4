/** A bar of two parts: how many rise against how many fall. */
export function Split({ up, down }: { up: number; down: number }) {
  const share = up + down === 0 ? 0 : (up / (up + down)) * 100;
  return (
    <svg viewBox="0 0 100 6" preserveAspectRatio="none" className="mt-1.5 block h-1.5 w-full overflow-hidden rounded-full bg-raised" aria-hidden>
      {up + down > 0 && (
        <>
          <rect width={Math.max(share - 0.7, 0)} height="6" className="fill-up" />
          <rect x={share + 0.7} width={Math.max(99.3 - share, 0)} height="6" className="fill-down" />
        </>
      )}
    </svg>
  );
}
