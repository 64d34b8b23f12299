package examples.time;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Lessons of a week, without clashes of rooms or teachers. */
public class Timetable {
    private static final List<String> DAYS = Arrays.asList("Mon", "Tue", "Wed", "Thu", "Fri");

    private final Map<String, List<Lesson>> lessons = new TreeMap<String, List<Lesson>>();
    private int clashes = 0;

    public Lesson plan(String day, int hour, String subject, String teacher, String room) {
        if (DAYS.indexOf(day) < 0) {
            throw new IllegalArgumentException("no such day " + day);
        }
        if (hour < 8 || hour > 18) {
            throw new IllegalArgumentException("no lessons at " + hour);
        }
        Lesson lesson = new Lesson(day, hour, subject, teacher, room);
        Lesson other = clashOf(lesson);
        if (other != null) {
            clashes = clashes + 1;
            System.err.println("clash with " + other.subject);
            return null;
        }
        List<Lesson> known = lessons.computeIfAbsent(day, key -> new ArrayList<Lesson>());
        known.add(lesson);
        return lesson;
    }

    private Lesson clashOf(Lesson lesson) {
        for (Lesson other : onDay(lesson.day)) {
            boolean same = other.room.equals(lesson.room) || other.teacher.equals(lesson.teacher);
            if (other.hour == lesson.hour && same) {
                return other;
            }
        }
        return null;
    }

    public List<Lesson> onDay(String day) {
        List<Lesson> found = lessons.get(day);
        return found == null ? Collections.emptyList() : found;
    }

    public List<Lesson> ofTeacher(String teacher) {
        List<Lesson> found = new ArrayList<Lesson>();
        for (String day : DAYS) {
            found.addAll(onDay(day).stream()
                .filter(lesson -> lesson.teacher.equals(teacher))
                .collect(Collectors.toList()));
        }
        return found;
    }

    public int hoursOf(String subject) {
        int hours = 0;
        for (List<Lesson> day : lessons.values()) {
            for (Lesson lesson : day) {
                hours = hours + (lesson.subject.equals(subject) ? 1 : 0);
            }
        }
        return hours;
    }

    public boolean isFree(String day) {
        return onDay(day).size() == 0;
    }

    public List<String> freeDays() {
        return DAYS.stream().filter(day -> isFree(day)).collect(Collectors.toList());
    }

    public int getClashes() {
        return this.clashes;
    }

    public void move(Lesson lesson, String day, int hour) {
        if (lesson == null) {
            throw new NullPointerException("lesson is missing");
        }
        lessons.get(lesson.day).remove(lesson);
        Lesson moved = plan(day, hour, lesson.subject, lesson.teacher, lesson.room);
        String result = moved == null ? "failed" : "done";
        System.out.println("move " + result);
    }

    public String print(String day) {
        StringBuilder text = new StringBuilder();
        text.append(day);
        text.append(":");
        for (Lesson lesson : onDay(day)) {
            text.append(" ");
            text.append(lesson.describe());
        }
        return text.toString();
    }

    /** One hour of one subject. */
    public static class Lesson {
        final String day;
        final int hour;
        final String subject;
        final String teacher;
        final String room;

        Lesson(String day, int hour, String subject, String teacher, String room) {
            this.day = day;
            this.hour = hour;
            this.subject = subject;
            this.teacher = teacher;
            this.room = room;
        }

        String describe() {
            return String.format("%d %s", hour, subject);
        }
    }
}
