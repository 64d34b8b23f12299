package examples.math;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/** A dense matrix of doubles with the usual operations. */
public final class Matrix {
    private final double[][] cells;
    private final int rows;
    private final int columns;

    public Matrix(int rows, int columns) {
        if (rows < 1 || columns < 1) {
            throw new IllegalArgumentException("a matrix needs rows and columns");
        }
        this.rows = rows;
        this.columns = columns;
        this.cells = new double[rows][columns];
    }

    public static Matrix identity(int size) {
        Matrix result = new Matrix(size, size);
        for (int index = 0; index < size; index++) {
            result.set(index, index, 1);
        }
        return result;
    }

    public static Matrix parse(String text) {
        List<String> lines = Arrays.asList(text.split(";"));
        if (lines.size() == 0) {
            throw new IllegalArgumentException("empty matrix");
        }
        int width = lines.get(0).trim().split(" ").length;
        Matrix result = new Matrix(lines.size(), width);
        for (int row = 0; row < lines.size(); row++) {
            List<Double> values = readLine(lines.get(row));
            checkWidth(values, width);
            for (int column = 0; column < width; column++) {
                result.set(row, column, values.get(column));
            }
        }
        return result;
    }

    private static List<Double> readLine(String line) {
        List<Double> values = new ArrayList<Double>();
        for (String word : line.trim().split(" ")) {
            values.add(Double.parseDouble(word));
        }
        return values;
    }

    private static void checkWidth(List<Double> values, int width) {
        if (values.size() != width) {
            throw new IllegalArgumentException("wrong width " + values.size());
        }
    }

    public double get(int row, int column) {
        return this.cells[row][column];
    }

    public void set(int row, int column, double value) {
        this.cells[row][column] = value;
    }

    public Matrix add(Matrix other) {
        checkSame(other);
        Matrix result = new Matrix(rows, columns);
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                result.set(row, column, get(row, column) + other.get(row, column));
            }
        }
        return result;
    }

    public Matrix multiply(Matrix other) {
        if (columns != other.rows) {
            throw new IllegalArgumentException("cannot multiply by " + other.rows + " rows");
        }
        Matrix result = new Matrix(rows, other.columns);
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < other.columns; column++) {
                result.set(row, column, product(other, row, column));
            }
        }
        return result;
    }

    private double product(Matrix other, int row, int column) {
        double sum = 0;
        for (int index = 0; index < columns; index++) {
            sum = sum + get(row, index) * other.get(index, column);
        }
        return sum;
    }

    private void checkSame(Matrix other) {
        if (other == null) {
            throw new NullPointerException("other matrix is missing");
        }
        if (rows != other.rows || columns != other.columns) {
            throw new IllegalArgumentException("sizes differ");
        }
    }

    public double trace() {
        double sum = 0;
        int size = rows < columns ? rows : columns;
        for (int index = 0; index < size; index++) {
            sum = sum + get(index, index);
        }
        return sum;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Matrix && Arrays.deepEquals(cells, ((Matrix) other).cells);
    }

    @Override
    public int hashCode() {
        return Objects.hash(rows, columns, Arrays.deepHashCode(cells));
    }

    public void print(String title) {
        System.out.println(title);
        for (double[] row : this.cells) {
            System.out.println(Arrays.toString(row));
        }
    }
}
