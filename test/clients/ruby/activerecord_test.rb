# SPDX-License-Identifier: PostgreSQL
# Rails' ActiveRecord: a type of the application turns vectors into arrays; no gem but pg is needed.
require 'active_record'
require 'json'

ROWS = 120

# pgvector's type, which ActiveRecord does not know
class Vector < ActiveRecord::Type::Value
  def cast(value)
    value.is_a?(String) ? JSON.parse(value) : value
  end

  def serialize(value)
    value&.to_json
  end
end

class Item < ActiveRecord::Base
  attribute :embedding, Vector.new
  scope :nearest, ->(embedding) { order(Arel.sql(sanitize_sql(['embedding <-> ?', embedding.to_json]))) }
end

# The rows are those of ../python/check.py
def dense(i)
  [i * 37 % 101 / 4.0 - 12, i * 53 % 103 / 4.0 - 12, i * 71 % 107 / 4.0 - 12]
end

def distance(a, b)
  Math.sqrt(a.zip(b).sum { |x, y| (x - y)**2 })
end

def equal(got, expected)
  raise "#{got.inspect}, not #{expected.inspect}" unless got == expected
end

$failed = false

def test(name)
  yield
  puts "ok - #{name}"
rescue StandardError => e
  $failed = true
  puts "not ok - #{name}", "# #{e.full_message(highlight: false).gsub("\n", "\n# ")}"
end

# What Rails says of a type that it does not know is no concern of the test
$stderr.reopen(File::NULL)
ActiveRecord::Base.establish_connection(
  adapter: 'postgresql', host: ENV['PGHOST'], port: ENV['PGPORT'], database: ENV['PGDATABASE'],
  username: ENV['PGUSER'], password: ENV['PGPASSWORD'])
ActiveRecord::Migration.verbose = false

test('a migration, and rows') do
  ActiveRecord::Schema.define do
    enable_extension 'vector'
    create_table :items do |t|
      t.integer :category
      t.column :embedding, 'vector(3)'
    end
    add_index :items, %i[embedding category], using: :hnsw, opclass: { embedding: :vector_l2_ops }
  end
  (1..ROWS).each { |i| Item.create!(id: i, category: i % 4, embedding: dense(i)) }
  equal(Item.find(7).embedding, dense(7))
end

test('the nearest, with a condition') do
  embedding = dense(7)
  found = Item.where(category: 3).nearest(embedding).limit(5).ids
  ids = (1..ROWS).select { |i| i % 4 == 3 }
  equal(found, ids.min_by(5) { |i| [distance(dense(i), embedding), i] })
end

test('the index is used') do
  Item.transaction do
    Item.connection.execute('SET LOCAL enable_seqscan = off')
    plan = Item.where(category: 3).nearest(dense(7)).limit(5).explain
    raise plan unless plan.include?('index_items_on_embedding_and_category')
  end
end

test('an update, and an error') do
  Item.find(9).update!(embedding: dense(7))
  equal(Item.nearest(dense(7)).order(:id).limit(2).ids, [7, 9])
  begin
    Item.nearest([1, 2]).first
    raise 'no error'
  rescue ActiveRecord::StatementInvalid => e
    equal(e.message.include?('dimensions'), true)
  end
end
exit(!$failed)
