package coatcheck.drivers

import java.math.{BigDecimal => Exact}
import java.sql.{Connection, ResultSet, Statement, Timestamp, Types}
import scala.collection.immutable.ListMap

import Generation._

/** What the program is asked; an answer is a string, a number, a boolean, null, a `Seq` or a `Map`. */
class Commands(connection: Connection, nextLine: () => String) {
  private val history =
    """select query_id, execution_status, error_message from table(information_schema.query_history())
   where query_id = '%s'"""

  def perform(name: String, arguments: Seq[String]): Any = name match {
    case "version" => connection.getMetaData.getDriverVersion
    case "submit" => submit(arguments.head)
    case "article_sync" => articleSync(arguments.head)
    case "poll" => query(history.format(arguments.head))(rows => table(rows)("rows").asInstanceOf[Seq[Any]].headOption.orNull)
    case "scan" => query(s"select * from table (result_scan('${arguments.head}'))")(articleShape)
    case "status" => Generation.statusOf(connection, arguments.head)
    case "results" => closing(Generation.resultOf(connection, arguments.head))(table)
    case "run" => query(arguments.head)(rows => ListMap("id" -> idOf(rows)) ++ table(rows))
    case "change" => change(arguments.head)
    case "types" => query(arguments.head)(types)
    case "describe" => describe(arguments.head)
    case "count" => count(arguments.head)
    case "bind" => bind(arguments.head)
    case "bulk" => bulk(arguments.head, arguments(1).toInt)
    case "multi" => multi(arguments.head, arguments(1).toInt)
    case "cancel" => cancel(arguments.head)
  }

  // The article's asynchronous branch: only the id is kept.
  private def submit(sql: String): String = {
    val prepared = connection.prepareStatement(sql)
    val resultSet = prepared.unwrap(classOf[SnowflakePreparedStatement]).executeAsyncQuery
    val id = resultSet.unwrap(classOf[SnowflakeResultSet]).getQueryID
    prepared.close()
    id
  }

  // The article's synchronous branch.
  private def articleSync(sql: String): Any = {
    val resultSet = connection.prepareStatement(sql).executeQuery
    val id = resultSet.unwrap(classOf[SnowflakeResultSet]).getQueryID
    ListMap("id" -> id) ++ table(resultSet)
  }

  private def idOf(rows: ResultSet): String = rows.unwrap(classOf[SnowflakeResultSet]).getQueryID

  private def closing[C <: AutoCloseable, T](resource: C)(work: C => T): T =
    try work(resource) finally resource.close()

  private def query[T](sql: String)(work: ResultSet => T): T =
    closing(connection.createStatement())(statement => work(statement.executeQuery(sql)))

  private def names(rows: ResultSet): Seq[String] =
    (1 to rows.getMetaData.getColumnCount).map(rows.getMetaData.getColumnName(_))

  private def cells(rows: ResultSet): Seq[String] = (1 to rows.getMetaData.getColumnCount).map(Values.text(rows, _))

  private def table(rows: ResultSet): Map[String, Any] = {
    // An asynchronous result knows its columns once it has been waited for.
    val columns = names(rows)
    ListMap("columns" -> columns, "rows" -> Iterator.continually(rows).takeWhile(_.next()).map(cells).toVector)
  }

  private def articleShape(rows: ResultSet): Any = {
    val columns = names(rows)
    val items = Iterator.continually(rows).takeWhile(_.next()).map(row => ListMap(columns.zip(cells(row)): _*)).toVector
    ListMap("columns" -> ListMap("total" -> columns.size, "columns" -> columns), "items" -> items)
  }

  private def change(sql: String): Any = closing(connection.createStatement()) { statement =>
    val affected = statement.executeUpdate(sql)
    ListMap("id" -> statement.unwrap(classOf[SnowflakeStatement]).getQueryID, "affected" -> affected)
  }

  private def types(rows: ResultSet): Any = {
    rows.next()
    (1 to rows.getMetaData.getColumnCount).map { index =>
      ListMap("name" -> rows.getMetaData.getColumnName(index), "type" -> rows.getMetaData.getColumnTypeName(index),
        "value" -> Values.text(rows, index))
    }
  }

  private def describe(sql: String): Any = closing(connection.prepareStatement(sql)) { prepared =>
    val metadata = prepared.getMetaData
    (1 to metadata.getColumnCount).map { index =>
      ListMap("name" -> metadata.getColumnName(index), "type" -> metadata.getColumnTypeName(index))
    }
  }

  private def count(sql: String): Any = {
    val started = System.nanoTime
    query(sql) { rows =>
      var count = 0L
      var checksum = 0L
      while (rows.next()) {
        count += 1
        checksum += rows.getLong(1) + rows.getString(2).length
      }
      ListMap("rows" -> count, "checksum" -> checksum.toString, "seconds" -> (System.nanoTime - started) / 1e9)
    }
  }

  private def bind(sql: String): Any = closing(connection.prepareStatement(sql)) { prepared =>
    val moment = Timestamp.valueOf("2024-02-29 12:34:56.789")
    prepared.setInt(1, 42)
    prepared.setBigDecimal(2, new Exact("12345678901234567890123456789012345678"))
    prepared.setBigDecimal(3, new Exact("123.456"))
    prepared.setDouble(4, 1.5)
    prepared.setBoolean(5, true)
    prepared.setString(6, "h\u00e9llo '?' \ud83e\udde5")
    prepared.setNull(7, Types.VARCHAR)
    prepared.setDate(8, java.sql.Date.valueOf("2024-02-29"))
    prepared.setTime(9, new java.sql.Time(45296789L))
    prepared.setTimestamp(10, moment)
    prepared.setTimestamp(11, moment)
    prepared.setBytes(12, Array[Byte](0, -1, 16))
    table(prepared.executeQuery())
  }

  private def bulk(sql: String, rows: Int): Any = closing(connection.prepareStatement(sql)) { prepared =>
    for (number <- 0 until rows) {
      prepared.setInt(1, number)
      prepared.setString(2, s"row $number")
      prepared.addBatch()
    }
    ListMap("affected" -> prepared.executeBatch().map(each => if (each == Statement.SUCCESS_NO_INFO) 1 else each).sum)
  }

  private def multi(sql: String, statements: Int): Any = closing(connection.createStatement()) { statement =>
    statement.unwrap(classOf[SnowflakeStatement]).setParameter("MULTI_STATEMENT_COUNT", Int.box(statements))
    statement.execute(sql)
    val sets = Vector.newBuilder[Any]
    var more = true
    while (more) {
      val rows = statement.getResultSet
      sets += (if (rows != null) table(rows)
               else ListMap("columns" -> Seq("affected"), "rows" -> Seq(Seq(statement.getUpdateCount.toString))))
      more = statement.getMoreResults || statement.getUpdateCount != -1
    }
    sets.result()
  }

  /** Waits for the statement; a line on standard input cancels it. */
  private def cancel(sql: String): Any = closing(connection.createStatement()) { statement =>
    val canceler = new Thread(() => { nextLine(); statement.cancel() })
    canceler.setDaemon(true)
    canceler.start()
    table(statement.executeQuery(sql))
  }
}
