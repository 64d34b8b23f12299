package examples.scan;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Splits the text of a small language into tokens. */
public class TokenScanner {
    private final String source;
    private final List<Token> tokens = new ArrayList<Token>();
    private final Map<String, String> keywords = new HashMap<String, String>();
    private int position = 0;

    public TokenScanner(String source) {
        if (source == null) {
            throw new NullPointerException("source is missing");
        }
        this.source = source;
        keywords.put("if", "IF");
        keywords.put("else", "ELSE");
        keywords.put("while", "WHILE");
    }

    public List<Token> scan() {
        while (position < source.length()) {
            char current = source.charAt(position);
            if (Character.isWhitespace(current)) {
                position = position + 1;
            } else if (Character.isLetter(current)) {
                readName();
            } else if (Character.isDigit(current)) {
                readNumber();
            } else {
                readMark(current);
            }
        }
        return tokens;
    }

    private void readName() {
        int start = position;
        while (position < source.length() && Character.isLetterOrDigit(source.charAt(position))) {
            position = position + 1;
        }
        String text = source.substring(start, position);
        String kind = keywords.containsKey(text) ? keywords.get(text) : "NAME";
        addToken(kind, text, start);
    }

    private void readNumber() {
        int start = position;
        while (position < source.length() && Character.isDigit(source.charAt(position))) {
            position = position + 1;
        }
        addToken("NUMBER", source.substring(start, position), start);
    }

    private void readMark(char mark) {
        if ("+-*/(){}=<>;".indexOf(mark) < 0) {
            System.err.println("cannot read " + mark);
            throw new IllegalStateException("unexpected " + mark);
        }
        addToken("MARK", String.valueOf(mark), position);
        position = position + 1;
    }

    private void addToken(String kind, String text, int start) {
        Token token = new Token(kind, text, start);
        tokens.add(token);
    }

    public List<String> names() {
        return tokens.stream()
            .filter(token -> token.kind.equals("NAME"))
            .map(token -> token.text)
            .collect(Collectors.toList());
    }

    public Optional<Token> first(String kind) {
        return tokens.stream().filter(token -> token.kind.equals(kind)).findFirst();
    }

    public String firstText(String kind) {
        Optional<Token> found = first(kind);
        return found.isPresent() ? found.get().text : "";
    }

    public int numberSum() {
        int sum = 0;
        for (Token token : tokens) {
            if (token.kind.equals("NUMBER")) {
                sum = sum + Integer.parseInt(token.text);
            }
        }
        return sum;
    }

    public boolean isEmpty() {
        return tokens.size() == 0;
    }

    public void dump(int limit) {
        int count = limit > 0 ? limit : tokens.size();
        for (Token token : tokens.subList(0, count)) {
            System.out.println(token.describe());
        }
    }

    /** A piece of the source with its kind. */
    public static class Token {
        final String kind;
        final String text;
        final int start;

        Token(String kind, String text, int start) {
            this.kind = kind;
            this.text = text;
            this.start = start;
        }

        String describe() {
            return String.format("%s at %d", kind, start);
        }
    }
}
