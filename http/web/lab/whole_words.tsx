// A title whose words with a hyphen ("three-way") are not broken behind it.

export function WholeWords({ text }: { text: string }) {
  const words = text.split(/(\s+)/);
  return (
    <>
      {words.map((word, i) =>
        word.includes("-") ? (
          <span key={i} class="whole">
            {word}
          </span>
        ) : (
          word
        ),
      )}
    </>
  );
}
