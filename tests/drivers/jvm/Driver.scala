package coatcheck.drivers

import java.io.{BufferedReader, InputStreamReader}
import java.sql.{Connection, DriverManager, SQLException}
import java.util.Properties
import scala.jdk.CollectionConverters._

// The driver brings this reader of JSON; a program for a test needs no second one.
import net.snowflake.client.jdbc.internal.fasterxml.jackson.databind.{JsonNode, ObjectMapper}

/** One connection of Snowflake's JDBC driver, as a program. `../drivers.py` says what it is asked and answers. */
object Driver {
  private val json = new ObjectMapper()
  private val input = new BufferedReader(new InputStreamReader(System.in, "UTF-8"))

  private def connect(options: JsonNode): Connection = {
    val properties = new Properties()
    properties.put("ssl", "off")
    properties.put("account", "coatcheck")
    // It would ask the addresses of three clouds where it runs; the third generation does not read the environment for this.
    properties.put("disablePlatformDetection", "true")
    properties.put("loginTimeout", options.path("login_timeout").asText("30"))
    properties.put("user", options.path("user").asText)
    for (name <- Seq("password", "private_key_file", "token") if options.has(name)) properties.put(name, options.get(name).asText)
    if (options.has("token")) properties.put("authenticator", "programmatic_access_token")
    if (options.has("private_key_file")) properties.put("authenticator", "snowflake_jwt")
    DriverManager.getConnection(
      s"jdbc:snowflake://${options.get("host").asText}:${options.get("port").asText}/", properties)
  }

  private def asJava(value: Any): Any = value match {
    case map: Map[_, _] =>
      val copy = new java.util.LinkedHashMap[String, Any]()
      for ((name, member) <- map) copy.put(name.toString, asJava(member))
      copy
    case sequence: Seq[_] => sequence.map(asJava).asJava
    case other => other
  }

  private def failure(error: Throwable): Map[String, Any] = error match {
    case theirs: SQLException =>
      val id = try theirs.getClass.getMethod("getQueryId").invoke(theirs) catch { case _: ReflectiveOperationException => null }
      Map("kind" -> theirs.getClass.getSimpleName, "code" -> f"${theirs.getErrorCode}%06d", "sqlstate" -> theirs.getSQLState,
        "message" -> theirs.getMessage, "id" -> id)
    case other =>
      Map("kind" -> other.getClass.getSimpleName, "code" -> null, "sqlstate" -> null, "message" -> other.toString, "id" -> null)
  }

  private def answer(work: => Any): Boolean = {
    val document = try Map("ok" -> work) catch { case error: Throwable => Map("error" -> failure(error)) }
    println(json.writeValueAsString(asJava(document)))
    System.out.flush()
    document.contains("ok")
  }

  /** A connection for one command. */
  private def once(options: JsonNode, command: String, arguments: Seq[String]): Unit = answer {
    val connection = connect(options)
    try new Commands(connection, input.readLine _).perform(command, arguments) finally connection.close()
  }

  /** One connection for all the commands that come on standard input; the first answer says that it is open. */
  private def converse(options: JsonNode): Unit = {
    var connection: Connection = null
    if (!answer { connection = connect(options); null }) return
    val commands = new Commands(connection, input.readLine _)
    for (line <- Iterator.continually(input.readLine()).takeWhile(_ != null)) {
      val words = json.readTree(line).elements.asScala.map(_.asText).toVector
      answer(commands.perform(words.head, words.tail))
    }
    connection.close()
  }

  def main(arguments: Array[String]): Unit = {
    val options = json.readTree(arguments.head)
    if (arguments.length > 1) once(options, arguments(1), arguments.toSeq.drop(2)) else converse(options)
    System.exit(0)
  }
}
