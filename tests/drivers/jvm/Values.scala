package coatcheck.drivers

import java.sql.ResultSet
import java.time.format.DateTimeFormatterBuilder
import java.time.temporal.ChronoField
import java.util.Locale

/** Values as text that is the same for every driver. */
object Values {
  private val clock = new DateTimeFormatterBuilder()
    .appendPattern("HH:mm:ss").appendFraction(ChronoField.NANO_OF_SECOND, 0, 9, true).toFormatter(Locale.ROOT)
  private val moment = new DateTimeFormatterBuilder().appendPattern("uuuu-MM-dd'T'").append(clock).toFormatter(Locale.ROOT)

  /** Column `index`, from 1, of the current row; null for NULL. */
  def text(rows: ResultSet, index: Int): String = {
    val metadata = rows.getMetaData
    val read = metadata.getColumnTypeName(index).toUpperCase(Locale.ROOT) match {
      case "NUMBER" => Option(rows.getBigDecimal(index)).map(_.toPlainString)
      case "DOUBLE" | "FLOAT" => Some(rows.getDouble(index).toString)
      case "BOOLEAN" => Some(rows.getBoolean(index).toString)
      case "BINARY" => Option(rows.getBytes(index)).map(_.map(byte => f"$byte%02x").mkString)
      case "DATE" => Option(rows.getDate(index)).map(_.toLocalDate.toString)
      case "TIME" => Option(rows.getTime(index)).map(time => clock.format(java.time.LocalTime.ofNanoOfDay(
        Math.floorMod(time.getTime, 86400000L) * 1000000L)))
      case "TIMESTAMPNTZ" | "TIMESTAMP_NTZ" => Option(rows.getTimestamp(index)).map(at => moment.format(at.toLocalDateTime))
      case name if name.startsWith("TIMESTAMP") =>
        Option(rows.getTimestamp(index)).map(at => moment.format(at.toInstant.atOffset(java.time.ZoneOffset.UTC)) + "Z")
      case _ => Option(rows.getString(index))
    }
    if (rows.wasNull) null else read.orNull
  }
}
