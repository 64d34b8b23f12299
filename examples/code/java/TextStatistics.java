package examples.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Counts words, lines and letters of a text. */
public class TextStatistics {
    private static final List<String> STOP_WORDS = Arrays.asList("the", "a", "of", "and");
    private static final int LIMIT = 10;

    private final Map<String, Integer> counts = new TreeMap<String, Integer>();
    private final List<String> lines = new ArrayList<String>();
    private int letters = 0;

    public void read(String text) {
        if (text == null) {
            throw new NullPointerException("text is missing");
        }
        for (String line : text.split("\n")) {
            lines.add(line);
            readLine(line);
        }
        System.out.println("lines: " + lines.size());
    }

    private void readLine(String line) {
        for (String word : line.split(" ")) {
            String plain = normalise(word);
            if (plain.length() == 0 || STOP_WORDS.contains(plain)) {
                continue;
            }
            letters = letters + plain.length();
            Integer known = counts.get(plain);
            counts.put(plain, known == null ? 1 : known + 1);
        }
    }

    private String normalise(String word) {
        StringBuilder kept = new StringBuilder();
        for (char letter : word.toCharArray()) {
            if (Character.isLetter(letter)) {
                kept.append(Character.toLowerCase(letter));
            }
        }
        return kept.toString();
    }

    public int count(String word) {
        Integer found = counts.get(normalise(word));
        return found == null ? 0 : found;
    }

    public List<String> frequent() {
        return counts.entrySet().stream()
            .sorted((a, b) -> Integer.compare(b.getValue(), a.getValue()))
            .limit(LIMIT)
            .map(Map.Entry::getKey)
            .collect(Collectors.toList());
    }

    public String longestLine() {
        String longest = "";
        for (String line : lines) {
            longest = line.length() > longest.length() ? line : longest;
        }
        return longest;
    }

    public double averageLength() {
        int words = total();
        return words == 0 ? 0 : (double) letters / words;
    }

    public int total() {
        int sum = 0;
        for (int count : counts.values()) {
            sum = sum + count;
        }
        return sum;
    }

    public boolean mentions(String word) {
        return count(word) > 0;
    }

    public int getLetters() {
        return this.letters;
    }

    public String report(String title) {
        StringBuilder text = new StringBuilder();
        text.append(title);
        text.append(":");
        for (String word : frequent()) {
            text.append(" ");
            text.append(word);
        }
        if (title.equals("long")) {
            text.append(String.format(" letters %d", letters));
        }
        return text.toString();
    }

    public static int parseLimit(String text) {
        try {
            return Integer.parseInt(text.trim());
        } catch (NumberFormatException error) {
            System.err.println("no number: " + text);
            return LIMIT;
        }
    }
}
