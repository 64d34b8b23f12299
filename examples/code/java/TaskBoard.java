package examples.tasks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.stream.Collectors;

/** Cards on a board with columns, priorities and a limit of work. */
public class TaskBoard {
    private static final List<String> COLUMNS = Arrays.asList("todo", "doing", "done");
    private static final int WORK_LIMIT = 3;

    private final Map<String, Card> cards = new HashMap<String, Card>();
    private final List<String> moves = new ArrayList<String>();
    private int refused = 0;

    public Card add(String title, int priority) {
        if (title == null) {
            throw new NullPointerException("title is missing");
        }
        if (title.length() == 0 || cards.containsKey(title)) {
            throw new IllegalArgumentException("bad title " + title);
        }
        Card card = new Card(title, priority);
        cards.put(title, card);
        return card;
    }

    public boolean move(String title, String column) {
        Card card = require(title);
        if (COLUMNS.indexOf(column) < 0) {
            throw new IllegalArgumentException("no column " + column);
        }
        if (column.equals("doing") && inColumn("doing").size() >= WORK_LIMIT) {
            refused = refused + 1;
            System.err.println("too much work for " + title);
            return false;
        }
        moves.add(title + " to " + column);
        card.column = column;
        System.out.println("moved " + title);
        return true;
    }

    private Card require(String title) {
        Card card = cards.get(title);
        if (card == null) {
            throw new IllegalStateException("no card " + title);
        }
        return card;
    }

    public List<Card> inColumn(String column) {
        return cards.values().stream().filter(card -> card.column.equals(column)).collect(Collectors.toList());
    }

    public Card next() {
        PriorityQueue<Card> queue = new PriorityQueue<Card>((a, b) -> Integer.compare(b.priority, a.priority));
        queue.addAll(inColumn("todo"));
        return queue.size() == 0 ? null : queue.peek();
    }

    public String nextTitle() {
        Card card = next();
        return card == null ? "nothing" : card.title;
    }

    public List<String> recentMoves(int count) {
        if (moves.size() == 0) {
            return Collections.emptyList();
        }
        int start = moves.size() > count ? moves.size() - count : 0;
        return moves.subList(start, moves.size());
    }

    public int progress() {
        int all = cards.size();
        int done = inColumn("done").size();
        return all == 0 ? 0 : done * 100 / all;
    }

    public int getRefused() {
        return this.refused;
    }

    public void raise(String title, int by) {
        Card card = require(title);
        card.priority = card.priority + by;
        if (card.isUrgent()) {
            System.out.println("urgent: " + card.title);
        }
    }

    public String print() {
        StringBuilder text = new StringBuilder();
        for (String column : COLUMNS) {
            text.append(column);
            text.append(":");
            for (Card card : inColumn(column)) {
                text.append(" ");
                text.append(card.describe());
            }
            text.append("\n");
        }
        return text.toString();
    }

    /** Something to do. */
    public static class Card {
        final String title;
        int priority;
        String column = "todo";

        Card(String title, int priority) {
            this.title = title;
            this.priority = priority;
        }

        boolean isUrgent() {
            return this.priority > 8;
        }

        String describe() {
            return String.format("%s (%d)", title, priority);
        }
    }
}
